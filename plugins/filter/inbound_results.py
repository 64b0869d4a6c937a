# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: inbound_results
short_description: What the probes of inbound flows prove
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns the probes of inbound flows, registered in a loop over hosts, into one list of results,
    each with C(from). Where the listener that stood in for the application was not the same to the
    end, the result is C(not_probed).
positional: started, ended, host
options:
  _input:
    description: The registered probes.
    type: dict
    required: true
  started:
    description: The registered start of the listener.
    type: dict
    required: true
  ended:
    description: The registered end of the listener.
    type: dict
    required: true
  host:
    description: The host that the listener was on.
    type: str
    required: true
"""

EXAMPLES = r"""
results: "{{ probed | legalops.timesensor.inbound_results(started, ended, inventory_hostname) }}"
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
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import inbound_results


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"inbound_results": reporting(inbound_results)}
