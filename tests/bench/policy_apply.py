# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole policy in one task, against ping and against loops of single-rule modules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integration_lab.foreign_programs import PROGRAMS

from lab import Host

from . import rival_collections
from .figures import RATIO, Budget, Row, Usage, rotated
from .hosts import BenchHost, Effort, ready, running
from .plays import Player, Task

POLICY = "legal_365_server"
OURS_HOST = "ours"
# What the server's side of timeSensor LEGAL 365 reaches: 14 ports.
FLOWS: tuple[tuple[str, str, tuple[int, ...], str], ...] = (
    ("licence_http", "tcp", (80, 8080), "http"),
    ("licence_https", "tcp", (443,), "https"),
    ("update_ftp_data", "tcp", (20,), "none"),
    ("update_ftp", "tcp", (21,), "ftp"),
    ("update_sftp", "tcp", (22,), "ssh"),
    ("mail_submission", "tcp", (465, 587), "submission"),
    ("mail_imaps", "tcp", (993,), "imaps"),
    ("mail_pop3s", "tcp", (995,), "pop3s"),
    ("db_sql", "tcp", (19812,), "4d"),
    ("db_app", "tcp", (19813,), "4d"),
    ("db_db4d", "tcp", (19814,), "4d"),
    ("db_quic", "udp", (19813,), "quic"),
)
PORTS = tuple((protocol, port) for _id, protocol, ports, _service in FLOWS for port in ports)


@dataclasses.dataclass(frozen=True)
class Rival:
    """Single-rule modules in a loop over the same ports, on a host of its own.

    `start` makes the firewall run there, `reset` takes all of the loop's rules away again.
    """

    name: str
    task: Task
    reset: str
    start: Callable[[Host], object] = lambda host: None


def _loop(module: str, **options: Any) -> Task:
    items = [{"protocol": protocol, "port": port} for protocol, port in PORTS]
    return {module: options, "loop": items}


_PORT, _PROTOCOL = "{{ item.port }}", "{{ item.protocol }}"
_ONE_PORT = f"{_PORT}/{_PROTOCOL}"
_CLOSE = " ".join(f"--remove-port={port}/{protocol}" for protocol, port in PORTS)
RIVALS = {
    rival.name: rival
    for rival in (
        Rival(
            "firewalld",
            _loop(
                "ansible.posix.firewalld",
                port=_ONE_PORT,
                permanent=True,
                immediate=True,
                state="enabled",
            ),
            f"firewall-cmd --quiet {_CLOSE}; firewall-cmd --quiet --permanent {_CLOSE}",
            PROGRAMS["firewalld"].start,
        ),
        Rival(
            "ufw",
            _loop(
                "community.general.ufw", rule="allow", direction="out", port=_PORT, proto=_PROTOCOL
            ),
            "ufw --force reset; ufw --force enable",
            lambda host: host.sh("ufw --force enable"),
        ),
        Rival(
            "iptables",
            _loop(
                "ansible.builtin.iptables",
                chain="OUTPUT",
                protocol=_PROTOCOL,
                destination_port=_PORT,
                jump="ACCEPT",
            ),
            "iptables -F OUTPUT",
        ),
    )
}


def policy() -> dict[str, Any]:
    """Return the arguments of firewall_policy."""
    flows = [
        {
            "id": identifier,
            "direction": "outbound",
            "protocol": protocol,
            "ports": list(ports),
            "service": service,
        }
        for identifier, protocol, ports, service in FLOWS
    ]
    return {"name": POLICY, "backend": "nftables", "flows": flows}


class _Runs:
    """The figures of the rounds, by name; each is a play minus the empty play of its round."""

    def __init__(self, player: Player, ours: BenchHost, hosts: Mapping[str, Host]) -> None:
        self._player = player
        self._ours = ours
        self._hosts = hosts
        self.rounds: list[dict[str, Usage]] = []

    def take(self, names: Sequence[str]) -> None:
        """Do one round of these, in this order."""
        host = self._ours.host
        empty = self._player.play(host, ())
        taken = {"empty": empty}
        for name in names:
            for what, used in self._two_runs(host, name).items():
                taken[what] = used.minus(empty)
        self.rounds.append(taken)

    def _two_runs(self, host: Host, name: str) -> dict[str, Usage]:
        """Return the first run, and the second that has nothing to do; of ping the only one."""
        if name == "ping":
            return {"ping": self._player.play(host, [{"ansible.builtin.ping": {}}], False)}
        if name == OURS_HOST:
            self._ours.remove(POLICY)
            task: Task = {"legalops.timesensor.firewall_policy": policy()}
        else:
            host, task = self._hosts[name], RIVALS[name].task
            host.sh(RIVALS[name].reset)
        first = self._player.play(host, [task], True)
        return {f"{name} first": first, f"{name} again": self._player.play(host, [task], False)}

    def row(self, run: str, other: str, rival: str, limit: float) -> Row:
        """Return the row that compares CPU times; of the rounds in which both were taken."""
        both = [taken for taken in self.rounds if other in taken]
        return Row(
            f"firewall_policy, {len(PORTS)} ports, {_RUN_NAMES[run]}: CPU",
            "s",
            tuple(taken[f"{OURS_HOST} {run}"].cpu for taken in both),
            tuple(taken[other].cpu for taken in both),
            rival,
            Budget(RATIO, limit),
        )

    def wall_row(self, run: str, other: str, rival: str) -> Row:
        """Return the same for wall time, which has no budget."""
        both = [taken for taken in self.rounds if other in taken]
        return Row(
            f"firewall_policy, {len(PORTS)} ports, {_RUN_NAMES[run]}: wall",
            "s",
            tuple(taken[f"{OURS_HOST} {run}"].wall for taken in both),
            tuple(taken[other].wall for taken in both),
            rival,
        )


_RUN_NAMES = {"first": "first run", "again": "no-op"}


def measure(effort: Effort) -> list[Row]:
    """Play a policy, ping and the rivals' loops, each minus an empty play."""
    with running(effort, OURS_HOST, *RIVALS) as lab:
        player = Player(lab, rival_collections.fetch(effort.say))
        for name, rival in RIVALS.items():
            rival.start(lab[name])
        runs = _Runs(player, ready(lab[OURS_HOST]), lab.hosts)
        runs.take(["ping", OURS_HOST])  # everything into the page cache
        runs.rounds.clear()
        for turn in range(effort.rounds):
            runs.take(rotated(["ping", OURS_HOST], turn))
            effort.say(f"policy: round {turn + 1} of {effort.rounds}")
        for turn in range(effort.long_rounds):
            runs.take([OURS_HOST, *rotated(tuple(RIVALS), turn)])
            effort.say(f"policy, rivals: round {turn + 1} of {effort.long_rounds}")
    rows = [runs.row(run, "ping", "ping", 1.5) for run in _RUN_NAMES]
    for run in _RUN_NAMES:
        for name in RIVALS:
            loop = f"{name} x {len(PORTS)}"
            rows.append(runs.row(run, f"{name} {run}", loop, 0.1))
            rows.append(runs.wall_row(run, f"{name} {run}", loop))
    return rows
