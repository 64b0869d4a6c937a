# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one run on one host: what was proved, what was changed, when, and with which
versions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.release import __version__ as core_version

from .proof import by_host

SCHEMA = "legalops.timesensor/evidence/1"

# What is kept of firewall_policy's result. The rules themselves are the kernel's, and long.
_KEPT_OF_CHANGE = ("changed", "backend", "diff", "exposure", "transaction", "conflicts", "warnings")
# What Ansible adds to a result; it says nothing about the transfer.
_NOT_OF_TRANSFER = ("ansible_loop_var", "changed", "failed", "invocation")


def evidence(
    host: str,
    scenario: str,
    rows: Sequence[Mapping[str, Any]],
    audit: Mapping[str, Any],
    transfers: Sequence[Mapping[str, Any]] = (),
    change: Mapping[str, Any] | None = None,
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the evidence document of one host. C(time) is UTC, ISO 8601.

    `transfers` are registered loops of ftp_path. `change` is the result of firewall_policy in this
    run. `earlier` is the document of another scenario in the same run, which stays in it.
    """
    states = {item["flow"]: item for item in audit.get("flows", [])}
    earlier = earlier or {}
    now = datetime.datetime.now(tz=datetime.UTC)
    flows = [{**row, "foreign": states.get(row["flow"], {}).get("foreign", [])} for row in rows]
    ftp = [
        {"scenario": scenario, "from": prober, **_transfer(item)}
        for registered in transfers
        for prober, item in by_host(registered)
        if "verdict" in item
    ]
    changes = []
    if change:
        kept = {key: change[key] for key in _KEPT_OF_CHANGE if key in change}
        changes = [{"scenario": scenario, **kept}]
    return {
        "schema": SCHEMA,
        "host": host,
        "time": now.isoformat(timespec="seconds"),
        "versions": {"ansible_core": core_version, "backend": audit.get("backend", "")},
        "flows": _others(earlier, "flows", scenario) + flows,
        "ftp": _others(earlier, "ftp", scenario) + ftp,
        "changes": _others(earlier, "changes", scenario) + changes,
    }


def _others(document: Mapping[str, Any], key: str, scenario: str) -> list[Any]:
    return [item for item in document.get(key, ()) if item["scenario"] != scenario]


def _transfer(item: Mapping[str, Any]) -> dict[str, Any]:
    skipped = {*_NOT_OF_TRANSFER, item["ansible_loop_var"]}
    return {key: value for key, value in item.items() if key not in skipped}
