# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A UDP stream of somebody else, while policies are applied: nothing of it may be lost.

The host's administrator drops all that is not accepted, and the stream is accepted only by a chain
of ours in his table. Each apply replaces that chain and our own table, so that a moment without
them, however short, costs packets of the stream. The rival is how scripts do it: flush the chain,
then add its rules, by two commands of nft.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import Host, HostProcess
from lab.host import wait_for

from .figures import OURS, Budget, Row
from .hosts import BenchHost, Effort, running
from .process import MeasurementFailed

HOST, PEER = "host", "peer"
APPLIES = 40
PORT = 5004
RATE = 2000  # packets per second
_GUEST = Path(__file__).parent / "guest"
# The stream's own policy stands all the time; the other one is applied in two forms by turns.
STREAM: dict[str, Any] = {
    "name": "stream",
    "backend": "nftables",
    "default_ingress": "deny",
    "management": [{"peer": "198.51.100.0/24", "port": 22}],
    "flows": [
        {"id": "stream", "direction": "inbound", "protocol": "udp", "ports": [PORT]},
    ],
}
_ADMIN = """
table inet firm {
 chain input {
  type filter hook input priority 0; policy drop;
  ct state established,related accept
  meta l4proto ipv6-icmp accept
  tcp dport 22 accept
 }
}
"""
_SCRIPT = """
nft flush chain inet scripted input
nft -f /etc/scripted.nft
"""
_SCRIPTED = f"""
add table inet scripted
add chain inet scripted input {{ type filter hook input priority 0; policy drop; }}
add rule inet scripted input ct state established,related accept
add rule inet scripted input meta l4proto ipv6-icmp accept
add rule inet scripted input udp dport {PORT} accept
"""


def other(turn: int) -> dict[str, Any]:
    """Return the policy that is applied, in the form of this turn."""
    flow = {"id": "web", "direction": "inbound", "protocol": "tcp", "ports": [8000 + turn % 2]}
    return {"name": "other", "backend": "nftables", "flows": [flow]}


class Stream:
    """Packets from the peer to the host, `RATE` a second, each from the next of many ports.

    A new port each time: packets of a connection that is known already would pass even while the
    stream's own rule is missing.
    """

    def __init__(self, host: Host, peer: Host) -> None:
        self._receiver = self._start(host, "udp_receiver.py", str(PORT))
        wait_for(lambda: host.listening(PORT, "udp"), 10, "the receiver does not listen")
        self._sender = self._start(peer, "udp_sender.py", host.address, str(PORT), str(RATE))

    @staticmethod
    def _start(host: Host, program: str, *words: str) -> HostProcess:
        path = f"/opt/bench/{program}"
        host.write(path, (_GUEST / program).read_bytes())
        pipe = subprocess.PIPE
        return host.popen(["python3", path, *words], stdin=pipe, stdout=pipe, text=True)

    def lost(self) -> tuple[int, int]:
        """End the stream; return how many packets were sent and how many of them never came.

        Raises `MeasurementFailed` when the receiver was too slow to take what had come: that would
        be counted as loss.
        """
        sent = int(self._ended(self._sender))
        received, overflow = map(int, self._ended(self._receiver).split())
        if overflow:
            raise MeasurementFailed(f"the receiver's own buffer overflowed ({overflow} packets)")
        return sent, sent - received

    @staticmethod
    def _ended(process: HostProcess) -> str:
        output, _unused = process.communicate(timeout=30)
        if process.returncode != 0:
            raise MeasurementFailed(f"the stream's program ended with {process.returncode}")
        return str(output)


def during(host: Host, peer: Host, change: Callable[[int], object]) -> tuple[int, int]:
    """Do `change` with each turn while the stream runs; return packets sent and lost."""
    stream = Stream(host, peer)
    time.sleep(0.5)
    for turn in range(APPLIES):
        change(turn)
    time.sleep(0.2)
    return stream.lost()


def _apply(host: BenchHost, turn: int) -> None:
    result = host.apply(other(turn))
    if result.get("failed") or not result["changed"]:
        raise MeasurementFailed(f"an apply changed nothing: {json.dumps(result)[:2000]}")


def measure(effort: Effort) -> list[Row]:
    """Apply 40 times while a stream runs, ours and as a script would, on a host each."""
    ours: list[int] = []
    scripted: list[int] = []
    packets: list[int] = []
    with running(effort, HOST, PEER, "scripted") as lab:
        host, script_host = BenchHost(lab[HOST]), lab["scripted"]
        lab[HOST].nft(_ADMIN)
        sent, lost = during(lab[HOST], lab[PEER], lambda _unused: None)
        if lost < sent:
            raise MeasurementFailed("the stream passes without our rules: it could lose nothing")
        host.apply(STREAM)
        script_host.write("/etc/scripted.nft", _SCRIPTED)
        script_host.sh("nft -f /etc/scripted.nft")
        for turn in range(effort.long_rounds):
            sent, lost = during(lab[HOST], lab[PEER], lambda number: _apply(host, number))
            packets.append(sent)
            ours.append(lost)
            sent, lost = during(script_host, lab[PEER], lambda _unused: script_host.sh(_SCRIPT))
            scripted.append(lost)
            effort.say(f"loss: round {turn + 1} of {effort.long_rounds}")
    return [
        Row(
            f"firewall_policy, {APPLIES} applies: packets of others lost",
            "",
            tuple(map(float, ours)),
            tuple(map(float, scripted)),
            "nft, two commands",
            Budget(OURS, 0),
            decimals=0,
        ),
        Row("the same: packets sent meanwhile", "", tuple(map(float, packets)), decimals=0),
    ]
