# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: outbound_targets
short_description: Probe targets of a scenario
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns the settings of a scenario role into the option C(targets) of
    M(legalops.timesensor.flow_probe),
    one for each port of an outbound flow.
options:
  _input:
    description: The settings.
    type: dict
    required: true
"""

EXAMPLES = r"""
targets: "{{ scenario_settings | legalops.timesensor.outbound_targets }}"
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
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import outbound_targets


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"outbound_targets": reporting(outbound_targets)}
