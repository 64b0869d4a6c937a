# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report_files
short_description: Files of the reports on many firms
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes for each firm in the evidence a page in each language (C(report.html), C(report.de.html))
    and C(junit.xml), in a directory of the firm's name.
positional: report_dir
options:
  _input:
    description: Evidence documents, see P(legalops.timesensor.evidence#filter).
    type: list
    elements: dict
    required: true
  report_dir:
    description: The directory that holds those of the firms.
    type: str
    required: true
"""

EXAMPLES = r"""
loop: "{{ documents | legalops.timesensor.report_files('reports') }}"
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
    report_files,
)


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"report_files": reporting(report_files)}
