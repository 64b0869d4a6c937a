# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: junit_report
short_description: Proofs of a firm as JUnit XML
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes one test suite for each host, with one test case for each proof. A flow that is not as
    wanted is a failure, one that was not probed is skipped, with its reason.

options:
  _input:
    description: Evidence documents, see P(legalops.timesensor.evidence#filter).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ documents | legalops.timesensor.junit_report }}"
"""

RETURN = r"""
_value:
  description: The XML.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.junit import junit_xml


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"junit_report": reporting(junit_xml)}
