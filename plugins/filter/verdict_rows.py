# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: verdict_rows
short_description: Rows of a proof
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Joins the audit of a host's rules and the results of its probes to one row for each proof that
    the scenario needs. What has no result gets a row that says so.
positional: settings, audit, results
options:
  _input:
    description: The name of the host.
    type: str
    required: true
  settings:
    description: The settings of the scenario role.
    type: dict
    required: true
  audit:
    description: The return value C(flows) of M(legalops.timesensor.firewall_policy_info).
    type: list
    elements: dict
    required: true
  results:
    description: The results of the probes, each with C(id) and C(from).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
rows: "{{ inventory_hostname | legalops.timesensor.verdict_rows(settings, audit.flows, results) }}"
"""

RETURN = r"""
_value:
  description: The rows.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.report import verdict_rows


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"verdict_rows": reporting(verdict_rows)}
