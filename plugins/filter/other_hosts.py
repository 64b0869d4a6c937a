# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: other_hosts
short_description: Hosts that can prove the flows of a host
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Returns C(probe_from) and C(announce_to) of a scenario without the host itself, whose packets to
    itself say nothing about its firewall, and on a gateway without the host on which the inbound
    flows end.
positional: host
options:
  _input:
    description: The settings of the scenario role.
    type: dict
    required: true
  host:
    description: The host that the flows belong to.
    type: str
    required: true
"""

EXAMPLES = r"""
others: "{{ settings | legalops.timesensor.other_hosts(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The two lists, by their names.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import other_hosts


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"other_hosts": reporting(other_hosts)}
