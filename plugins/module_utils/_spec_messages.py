# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which messages of Ansible's argument specification stand beside ours."""

from __future__ import annotations

import re
from typing import Iterator, Sequence, Set

from ._model.errors import Problem


def spec_problems(message: str, checked: Sequence[str], told: Set[str]) -> Iterator[Problem]:
    """Turn a message of Ansible's specification into problems, without what our check tells better.

    `checked` are the list options whose items our check reads; `told` the options it has told of.
    """
    unknown = re.match(r"(.*)\. Supported parameters include: (.*)\.$", message)
    if unknown is None:
        # Ansible drops an item of the wrong type before our check can see it, and does not name an
        # option that should be a mapping.
        dropped = message.startswith("Elements value for option")
        nameless = message.startswith("dictionary requested")
        known = any(re.search(rf"\b{re.escape(option)}\b", message) for option in told)
        if dropped or not (known or (nameless and told)):
            yield Problem("options", message)
        return
    for name in unknown.group(1).split(", "):
        if name.split(".")[0] not in checked:
            yield Problem(name, "unknown option")
