# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firm_report
short_description: Report on a firm as one HTML page
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes one page from the evidence of a firm: whether all works, what to do where it does not, and
    every proof with its evidence. It needs nothing from outside, no script, and prints well.
  - >-
    What servers said is escaped, and control characters in it are made visible.
positional: language
options:
  _input:
    description: Evidence documents, see P(legalops.timesensor.evidence#filter).
    type: list
    elements: dict
    required: true
  language:
    description: >-
      The language of the page. Fixes and evidence stay in English, so that they can be passed on
      word by word.
    type: str
    choices: [en, de]
    default: en
"""

EXAMPLES = r"""
page: "{{ documents | legalops.timesensor.firm_report('de') }}"
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.html import firm_page


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firm_report": reporting(firm_page)}
