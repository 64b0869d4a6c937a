# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: announce_results
short_description: What hearing an announcement proves
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Judges from the registered steps of the proof whether each listener heard what it ought to hear.
positional: settings
options:
  _input:
    description: The registered tasks C(listened), C(control), C(before), C(announced) and C(after).
    type: dict
    required: true
  settings:
    description: The settings of the scenario role.
    type: dict
    required: true
"""

EXAMPLES = r"""
results: "{{ steps | legalops.timesensor.announce_results(settings) }}"
"""

RETURN = r"""
_value:
  description: One result for each listener.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.announcement import (
    announce_results,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"announce_results": reporting(announce_results)}
