# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: inbound_targets
short_description: Probe targets of the inbound flows
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns the results of M(legalops.timesensor.flow_listener) into the option C(targets) of
    M(legalops.timesensor.flow_probe), to be run on another host.
positional: settings, address, token
options:
  _input:
    description: The results of the listeners.
    type: list
    elements: dict
    required: true
  settings:
    description: The settings of the scenario role.
    type: dict
    required: true
  address:
    description: Where the other host reaches this one.
    type: str
    required: true
  token:
    description: The secret that listener and probe share.
    type: str
    required: true
"""

EXAMPLES = r"""
targets: >-
  {{ listen.results | legalops.timesensor.inbound_targets(settings, 'server.firm.example', token) }}
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
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import inbound_targets


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"inbound_targets": reporting(inbound_targets)}
