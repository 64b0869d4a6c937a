# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence
short_description: Evidence of a host
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes the evidence document of one host from the rows of its proof, the audit of its rules, its
    transfers and what was changed.
positional: scenario, rows, audit, transfers, change, earlier, firm, check_mode
options:
  _input:
    description: The name of the host.
    type: str
    required: true
  scenario:
    description: The scenario.
    type: str
    required: true
  rows:
    description: The rows made by P(legalops.timesensor.verdict_rows#filter).
    type: list
    elements: dict
    required: true
  audit:
    description: The result of M(legalops.timesensor.firewall_policy_info).
    type: dict
    required: true
  transfers:
    description: Registered loops of M(legalops.timesensor.ftp_path).
    type: list
    elements: dict
  change:
    description: The result of M(legalops.timesensor.firewall_policy) in this run.
    type: dict
  earlier:
    description: The document of another scenario in this run; its content is kept.
    type: dict
  firm:
    description: The name of the firm.
    type: str
    default: ''
  check_mode:
    description: Whether the run only said what it would do.
    type: bool
    default: false
"""

EXAMPLES = r"""
document: "{{ inventory_hostname | legalops.timesensor.evidence('classic', rows, audit) }}"
"""

RETURN = r"""
_value:
  description: The document, of the schema C(legalops.timesensor/evidence/1).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.evidence import evidence
from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"evidence": reporting(evidence)}
