# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How cost grows: with a policy's ports, with a file's size, with the number of targets."""

from __future__ import annotations

import json
from typing import Any

from lab import Lab, package

from . import ftp_download, probe
from .figures import OURS, Budget, Row, Usage
from .hosts import BenchHost, Effort, place_of, running
from .process import MeasurementFailed, run_in

HOST = "host"
FLOWS = (10, 100, 1000)
SIZES_MIB = (64, 1024, 10240)
TARGETS = (1, 10, 100, 1000)
_TIMEOUT = 1.5
_ENGINE = "ansible_collections.legalops.timesensor.plugins.module_utils._transaction.engine"
_APPLY = f"""
import json, sys
from {_ENGINE} import apply_policy
json.dump(apply_policy(json.load(sys.stdin), False), sys.stdout)
"""


def measure(effort: Effort) -> list[Row]:
    """Measure all three."""
    return [*_flows(effort), *_sizes(effort), *_targets(effort)]


def policy(count: int) -> dict[str, Any]:
    """Return a policy with so many flows of one port each."""
    flows = [
        {"id": f"flow_{port}", "direction": "outbound", "protocol": "tcp", "ports": [port]}
        for port in range(10001, 10001 + count)
    ]
    return {"name": "growth", "backend": "nftables", "flows": flows}


def _flows(effort: Effort) -> list[Row]:
    rows = []
    with running(effort, HOST) as lab:
        host = BenchHost(lab[HOST])
        for count in FLOWS:
            first, again = [], []
            for _unused in range(effort.long_rounds):
                host.remove("growth")
                first.append(_apply(lab, host, count, True))
                again.append(_apply(lab, host, count, False))
            for name, runs in (("first run", first), ("no-op", again)):
                what = f"firewall_policy, {count} flows, {name}"
                rows.append(Row(f"{what}: CPU", "s", tuple(used.cpu for used in runs)))
            rows.append(_memory(f"firewall_policy, {count} flows", first))
            effort.say(f"growth: {count} flows")
    return rows


def _apply(lab: Lab, host: BenchHost, count: int, changed: bool) -> Usage:
    given = json.dumps(policy(count))
    used, output = run_in(host.host, host.python_words(_APPLY), place_of(lab), given)
    if json.loads(output)["changed"] is not changed:
        raise MeasurementFailed(f"{count} flows: changed is not {changed}: {output[:2000]}")
    return used


def _sizes(effort: Effort) -> list[Row]:
    """Download files of growing size; each is removed again, the largest takes 10 GiB of disk."""
    rows = []
    with running(effort, ftp_download.CLIENT, ftp_download.SERVER) as lab:
        client, server = BenchHost(lab[ftp_download.CLIENT]), lab[ftp_download.SERVER]
        ftp_download.serve(lab, {})
        for mib in SIZES_MIB[:-1] if effort.quick else SIZES_MIB:
            file = package.write(server.disk / "ftp" / "file", mib << 20, ftp_download.SEED)
            repeat = 1 if mib == SIZES_MIB[-1] else effort.long_rounds
            runs = [
                ftp_download.download(client, server.address, "file", place_of(lab))
                for _unused in range(repeat)
            ]
            file.unlink()
            rows.append(_memory(f"ftp_path, {mib} MiB", runs, Budget(OURS, 40)))
            rows.append(Row(f"ftp_path, {mib} MiB: CPU", "s", tuple(used.cpu for used in runs)))
            effort.say(f"growth: {mib} MiB")
    return rows


def _targets(effort: Effort) -> list[Row]:
    rows = []
    with running(effort, probe.CLIENT, probe.SERVER) as lab:
        probe.drop_everything(lab[probe.SERVER])
        client, address = BenchHost(lab[probe.CLIENT]), lab[probe.SERVER].address
        for count in TARGETS:
            runs = [
                probe.probe(client, address, count, _TIMEOUT, place_of(lab))
                for _unused in range(effort.long_rounds)
            ]
            what = f"flow_probe, {count} filtered targets"
            beyond = tuple(used.wall - _TIMEOUT for used in runs)
            rows.append(Row(f"{what}: wall above the timeout", "s", beyond, budget=Budget(OURS, 1)))
            rows.append(Row(f"{what}: CPU", "s", tuple(used.cpu for used in runs)))
            rows.append(_memory(what, runs))
            effort.say(f"growth: {count} targets")
    return rows


def _memory(what: str, runs: list[Usage], budget: Budget | None = None) -> Row:
    figures = tuple(used.rss_mib or 0.0 for used in runs)
    return Row(f"{what}: memory", "MiB", figures, budget=budget, decimals=1)
