# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: unproved
short_description: Results of inbound flows that nothing proves
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes a result of the verdict V(not_probed) for each port of an inbound flow, for a host that
    no other host probes.
options:
  _input:
    description: The settings.
    type: dict
    required: true
"""

EXAMPLES = r"""
results: "{{ scenario_settings | legalops.timesensor.unproved }}"
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
from ansible_collections.legalops.timesensor.plugins.plugin_utils.scenario import unproved


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"unproved": reporting(unproved)}
