# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all filters of the collection share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    TimesensorError,
)


def reporting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with our exceptions turned into the error that Ansible prints for a
    filter."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TimesensorError as error:
            raise AnsibleFilterError(error.message) from error

    return wrapped
