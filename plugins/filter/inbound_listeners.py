# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: inbound_listeners
short_description: Listeners of a scenario
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns the settings of a scenario role into the option C(listeners) of
    M(legalops.timesensor.flow_listener), one for each port of an inbound flow.
options:
  _input:
    description: The settings.
    type: dict
    required: true
"""

EXAMPLES = r"""
listeners: "{{ scenario_settings | legalops.timesensor.inbound_listeners }}"
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
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import inbound_listeners


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"inbound_listeners": reporting(inbound_listeners)}
