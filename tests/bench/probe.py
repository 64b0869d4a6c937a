# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many targets that never answer: one call takes one timeout."""

from __future__ import annotations

import collections
import json
from pathlib import Path
from typing import Any

from lab import Host

from .figures import OURS, Budget, Row, Usage
from .hosts import BenchHost, Effort, place_of, running
from .plays import Player, Task
from .process import MeasurementFailed, run_in

CLIENT, SERVER = "client", "server"
TARGETS = 200
TIMEOUT = 5.0  # the option's default
MARGIN = 1.0
_ENGINE = "ansible_collections.legalops.timesensor.plugins.module_utils._probe.engine"
_OURS = f"""
import json, sys
from {_ENGINE} import probe
json.dump(probe(*json.load(sys.stdin)), sys.stdout)
"""


def targets(count: int, address: str) -> list[dict[str, Any]]:
    """Return targets at one address, a port each."""
    return [
        {"id": str(port), "host": address, "port": port, "protocol": "tcp"}
        for port in range(1, count + 1)
    ]


def drop_everything(server: Host) -> None:
    """Let the server answer nobody; it keeps its address, so the path to it is whole."""
    server.nft(
        "table inet silent {\n chain input {\n"
        "  type filter hook input priority 0; policy drop;\n"
        "  meta l4proto ipv6-icmp accept\n }\n}\n"
    )


def probe(client: BenchHost, address: str, count: int, timeout: float, place: Path) -> Usage:
    """Probe by the engine as a process of its own, and return what it took.

    Raises `MeasurementFailed` when a target is anything but filtered.
    """
    given = json.dumps([targets(count, address), timeout, "auto"])
    used, output = run_in(client.host, client.python_words(_OURS), place, given)
    verdicts = collections.Counter(result["verdict"] for result in json.loads(output))
    if verdicts != {"filtered": count}:
        raise MeasurementFailed(f"{count} targets should be filtered, but are {dict(verdicts)}")
    return used


def _task(count: int, address: str, timeout: float) -> Task:
    arguments = {"targets": targets(count, address), "timeout": timeout}
    return {"legalops.timesensor.flow_probe": arguments}


def measure(effort: Effort) -> list[Row]:
    """Probe 200 silent targets, as a process on the host and as a task of a play."""
    with running(effort, CLIENT, SERVER) as lab:
        drop_everything(lab[SERVER])
        client, address, player = BenchHost(lab[CLIENT]), lab[SERVER].address, Player(lab)
        # Everything into the page cache, and the plugins compiled.
        probe(client, address, 1, 0.5, place_of(lab))
        player.play([client.host], [_task(1, address, 0.5)], False)
        engine, tasks = [], []
        for turn in range(effort.long_rounds):
            engine.append(probe(client, address, TARGETS, TIMEOUT, place_of(lab)))
            empty = player.play([client.host], ())
            task = _task(TARGETS, address, TIMEOUT)
            tasks.append(player.play([client.host], [task], False).minus(empty))
            effort.say(f"probe: round {turn + 1} of {effort.long_rounds}")
    what = f"flow_probe, {TARGETS} filtered targets"
    budget = Budget(OURS, TIMEOUT + MARGIN)
    return [
        Row(f"{what}, on the host: wall", "s", tuple(used.wall for used in engine), budget=budget),
        Row(f"{what}, on the host: CPU", "s", tuple(used.cpu for used in engine)),
        Row(f"{what}, as a task: wall", "s", tuple(used.wall for used in tasks), budget=budget),
        Row(f"{what}, as a task: CPU", "s", tuple(used.cpu for used in tasks)),
    ]
