# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: host_results
short_description: Results of a loop over hosts as one list
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns a registered task that looped over hosts with C(delegate_to) into one list of the items of
    its C(results), each with C(from), the host it came from.
options:
  _input:
    description: The registered task.
    type: dict
    required: true
"""

EXAMPLES = r"""
results: "{{ probed | legalops.timesensor.host_results }}"
"""

RETURN = r"""
_value:
  description: The results.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import host_results


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"host_results": reporting(host_results)}
