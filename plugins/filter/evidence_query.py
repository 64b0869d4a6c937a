# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_query
short_description: Ask the evidence of many firms
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Searches evidence documents by the name of a question, or by an expression of JMESPath over the
    list of documents. Their shape is published as C(docs/schemas/evidence-1.schema.json).
positional: query
options:
  _input:
    description: Evidence documents, see P(legalops.timesensor.evidence#filter).
    type: list
    elements: dict
    required: true
  query:
    description:
      - An expression of JMESPath, or the name of a question.
      - V(needs_work) finds the proofs that are not as wanted, V(remarks) those with a warning,
        V(not_probed) those that nobody could try, and V(overridden) those whose rules another rule
        overrides.
      - V(changed) finds the hosts whose rules a run has changed.
    type: str
    required: true
requirements:
  - jmespath (Python package, on the controller)
"""

EXAMPLES = r"""
needs_work: "{{ documents | legalops.timesensor.evidence_query('needs_work') }}"
slow: "{{ documents | legalops.timesensor.evidence_query('[].ftp[] | [?mbit < `50`]') }}"
"""

RETURN = r"""
_value:
  description: What was found.
  type: raw
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.evidence_query import (
    evidence_query,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"evidence_query": reporting(evidence_query)}
