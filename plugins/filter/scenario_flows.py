# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: scenario_flows
short_description: Flows of a scenario from its table and variables
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns the settings of a scenario role into the option C(flows) of
    M(legalops.timesensor.firewall_policy),
    and reports every mistake in them at once.
positional: inventory
options:
  _input:
    description: The settings.
    type: dict
    required: true
  inventory:
    description:
      - The names of all hosts. With them the hosts that take part in the proof are checked, too.
    type: list
    elements: str
"""

EXAMPLES = r"""
flows: "{{ scenario_settings | legalops.timesensor.scenario_flows }}"
"""

RETURN = r"""
_value:
  description: The result.
  type: list
  elements: raw
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.scenario import scenario_flows


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scenario_flows": reporting(scenario_flows)}
