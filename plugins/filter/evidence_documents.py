# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_documents
short_description: Evidence documents from the texts of files
version_added: 0.2.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Reads evidence documents that earlier runs have written, and fails with the name of every file
    that is none.

options:
  _input:
    description: The contents of the files by their paths.
    type: dict
    required: true
"""

EXAMPLES = r"""
documents: "{{ texts | legalops.timesensor.evidence_documents }}"
"""

RETURN = r"""
_value:
  description: The documents, ordered by firm and host.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.documents import (
    read_documents,
)


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"evidence_documents": reporting(read_documents)}
