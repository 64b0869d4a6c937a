# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one run on one host: what was proved, when, and with which versions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.release import __version__ as core_version

SCHEMA = "legalops.timesensor/evidence/1"


def evidence(
    host: str, scenario: str, rows: Sequence[Mapping[str, Any]], audit: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the evidence document of one host. C(time) is UTC, ISO 8601."""
    now = datetime.datetime.now(tz=datetime.UTC)
    states = {item["flow"]: item for item in audit.get("flows", [])}
    return {
        "schema": SCHEMA,
        "host": host,
        "scenario": scenario,
        "time": now.isoformat(timespec="seconds"),
        "versions": {"ansible_core": core_version, "backend": audit.get("backend", "")},
        "flows": [
            {**row, "foreign": states.get(row["flow"], {}).get("foreign", [])} for row in rows
        ],
        "ftp": [],
        "changes": [],
    }
