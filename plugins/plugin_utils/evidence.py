# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one run on one host: what was proved, what was changed, when, and with which
versions."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.release import __version__ as core_version

from .proof import ACTIVE_DATA, DOWNLOAD, by_host

# Published as docs/schemas/evidence-1.schema.json. Keys may be added under this name, none renamed.
SCHEMA = "legalops.timesensor/evidence/1"
_COLLECTION = Path(__file__).resolve().parents[2]

# What is kept of firewall_policy's result. The rules themselves are the kernel's, and long.
_KEPT_OF_CHANGE = ("changed", "backend", "diff", "exposure", "transaction", "conflicts", "warnings")
# What is kept of ftp_path's result: what its documentation names, and nothing that Ansible adds.
_KEPT_OF_TRANSFER = (
    "ok",
    "verdict",
    "status",
    "verified",
    "confidence",
    "evidence",
    "fix",
    "notes",
    "bytes",
    "size",
    "seconds",
    "mbit",
    "worst_window_mbit",
    "limits",
    "samples",
    "ttfb_ms",
    "phases_ms",
    "modes",
    "tcp",
    "attempts",
    "control_log",
)


def evidence(
    host: str,
    scenario: str,
    rows: Sequence[Mapping[str, Any]],
    audit: Mapping[str, Any],
    transfers: Sequence[Mapping[str, Any]] = (),
    change: Mapping[str, Any] | None = None,
    earlier: Mapping[str, Any] | None = None,
    firm: str = "",
    check_mode: bool = False,
) -> dict[str, Any]:
    """Return the evidence document of one host. C(time) is UTC, ISO 8601.

    `transfers` are registered loops of ftp_path: the whole download, then the one in active mode.
    `change` is the result of firewall_policy in this
    run; in `check_mode` it tells what would change. `earlier` is the document of another scenario
    in the same run, which stays in it.
    """
    states = {item["flow"]: item for item in audit.get("flows", [])}
    earlier = earlier or {}
    now = datetime.datetime.now(tz=datetime.UTC)
    flows = [{**row, "foreign": states.get(row["flow"], {}).get("foreign", [])} for row in rows]
    ftp = [
        {
            "scenario": scenario,
            "from": prober,
            "proves": proof,
            **_kept(item, _KEPT_OF_TRANSFER),
        }
        for proof, registered in zip((DOWNLOAD, ACTIVE_DATA), transfers, strict=False)
        for prober, item in by_host(registered)
        if "verdict" in item
    ]
    changes = []
    if change:
        changes = [{"scenario": scenario, **_kept(change, _KEPT_OF_CHANGE)}]
    return {
        "schema": SCHEMA,
        "firm": firm,
        "host": host,
        "check_mode": check_mode,
        "time": now.isoformat(timespec="seconds"),
        "versions": {
            "collection": collection_version(),
            "ansible_core": core_version,
            "backend": audit.get("backend", ""),
        },
        "flows": _others(earlier, "flows", scenario) + flows,
        "ftp": _others(earlier, "ftp", scenario) + ftp,
        "changes": _others(earlier, "changes", scenario) + changes,
    }


@functools.cache
def collection_version() -> str:
    """Return the version of this collection: C(galaxy.yml) of a source tree, C(MANIFEST.json) of
    an installed one."""
    for name, path in (
        ("MANIFEST.json", ("collection_info", "version")),
        ("galaxy.yml", ("version",)),
    ):
        file = _COLLECTION / name
        if file.is_file():
            value = yaml.safe_load(file.read_text(encoding="utf-8"))
            for key in path:
                value = value[key]
            return str(value)
    return ""


def _others(document: Mapping[str, Any], key: str, scenario: str) -> list[Any]:
    return [item for item in document.get(key, ()) if item["scenario"] != scenario]


def _kept(result: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: result[name] for name in names if name in result}
