# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: announce_targets
short_description: Target that is an announcement
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes the option C(targets) of M(legalops.timesensor.flow_probe) for one announcement to the
    subnet of each listener.
positional: token, control
options:
  _input:
    description: The settings of the scenario role.
    type: dict
    required: true
  token:
    description: The secret that listener and probe share.
    type: str
    required: true
  control:
    description: The registered probe of P(legalops.timesensor.control_targets#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
targets: "{{ settings | legalops.timesensor.announce_targets(token, control) }}"
"""

RETURN = r"""
_value:
  description: The targets.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.announcement import (
    announce_targets,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"announce_targets": reporting(announce_targets)}
