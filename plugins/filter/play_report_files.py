# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: play_report_files
short_description: Files of the reports on the firms of a play
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes the same files as P(legalops.timesensor.report_files#filter) from what the scenario roles
    have proved in this play, in the report directories that they were given.
  - A host without evidence of this run is named in the report.
positional: hostvars
options:
  _input:
    description: The names of the hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
"""

EXAMPLES = r"""
loop: "{{ ansible_play_hosts_all | legalops.timesensor.play_report_files(hostvars) }}"
"""

RETURN = r"""
_value:
  description: Each file with C(path) and C(content).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.files import (
    play_files,
)


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"play_report_files": reporting(play_files)}
