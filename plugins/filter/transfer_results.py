# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: transfer_results
short_description: What transfers prove
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Turns two registered loops of M(legalops.timesensor.ftp_path) into results for
    P(legalops.timesensor.verdict_rows#filter): the whole download, and port 20 by active mode.
positional: active
options:
  _input:
    description: The registered loop that downloads the whole file.
    type: dict
    required: true
  active:
    description: The registered loop in active mode.
    type: dict
    required: true
"""

EXAMPLES = r"""
results: "{{ whole | legalops.timesensor.transfer_results(active) }}"
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
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import transfer_results


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_results": reporting(transfer_results)}
