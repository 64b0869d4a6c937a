# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the evidence of many firms, in JMESPath."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    TimesensorError,
    UnsupportedError,
)

from .firm_report.documents import checked

# The questions that everybody has; they are also examples for own ones.
NAMED = {
    "needs_work": "[].flows[] | [?status == 'fail']",
    "remarks": "[].flows[] | [?status == 'warn']",
    "not_probed": "[].flows[] | [?status == 'none']",
    "overridden": "[].flows[] | [?rules == 'overridden']",
    "changed": "[?changes[?changed]].{firm: firm, host: host, time: time, check_mode: check_mode,"
    " changes: changes[?changed]}",
}


def evidence_query(documents: Sequence[Any], query: str) -> Any:
    """Return what `query`, the name of a question or an expression of JMESPath, finds in the
    documents, which are ordered by firm and host.

    Raises `InputError` for what is no evidence, `UnsupportedError` without the package jmespath,
    and `TimesensorError` for an expression that is none.
    """
    try:
        import jmespath
        from jmespath.exceptions import JMESPathError
    except ImportError as error:
        raise UnsupportedError(
            "evidence_query needs the Python package jmespath on the controller, in the environment"
            f" that runs ansible-playbook ({error}). Nothing was asked: install it there (pip"
            " install jmespath, or Debian's python3-jmespath)."
        ) from error
    # jmespath goes by the names of types, and Ansible hands over subclasses of str.
    known = json.loads(json.dumps(checked(documents)))
    try:
        return jmespath.search(NAMED.get(query, query), known)
    except JMESPathError as error:
        names = ", ".join(NAMED)
        raise TimesensorError(
            f"evidence_query: {query!r} is neither one of {names} nor an expression of JMESPath:"
            f" {error}"
        ) from error
