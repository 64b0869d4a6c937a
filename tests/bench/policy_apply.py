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
from .hosts import BenchHost, Effort, running
from .plays import Player, Task

POLICY = "legal_365_server"
OURS_HOST = "ours"
PING = "ping"
MANY = 10  # hosts of one play: what a play does once is shared by them
_RUN_NAMES = {"first": "first run", "again": "no-op"}
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

    def __init__(self, player: Player, ours: Sequence[BenchHost], rivals: Mapping[str, Host]):
        """`ours` are the hosts of firewall_policy: the plays of one host are on the first."""
        self._player = player
        self._ours = ours
        self._rivals = rivals
        self.rounds: list[dict[str, Usage]] = []

    def take(self, names: Sequence[str], count: int = 1) -> None:
        """Do one round of these, in this order; ping and ours on so many hosts."""
        hosts = [host.host for host in self._ours[:count]]
        empty = self._player.play(hosts, ())
        taken = {}
        for name in names:
            for what, used in self._runs(name, hosts).items():
                taken[_key(what, count)] = used.minus(empty)
        self.rounds.append(taken)

    def _runs(self, name: str, hosts: Sequence[Host]) -> dict[str, Usage]:
        """Return the first run, and the second that has nothing to do; of ping the only one."""
        if name == PING:
            return {PING: self._player.play(hosts, [{"ansible.builtin.ping": {}}], False)}
        if name == OURS_HOST:
            for host in self._ours[: len(hosts)]:
                host.remove(POLICY)
            task: Task = {"legalops.timesensor.firewall_policy": policy()}
        else:
            hosts, task = [self._rivals[name]], RIVALS[name].task
            hosts[0].sh(RIVALS[name].reset)
        first = self._player.play(hosts, [task], True)
        return {f"{name} first": first, f"{name} again": self._player.play(hosts, [task], False)}

    def row(self, run: str, other: str, rival: str, *, limit: float = 0, count: int = 1) -> Row:
        """Return the row that compares CPU times; of the rounds in which both were taken."""
        ours, theirs = _key(f"{OURS_HOST} {run}", count), _key(other, count)
        both = [taken for taken in self.rounds if ours in taken and theirs in taken]
        per_host = "" if count == 1 else f", {count} hosts, each"
        return Row(
            f"firewall_policy, {len(PORTS)} ports, {_RUN_NAMES[run]}{per_host}: CPU",
            "s",
            tuple(taken[ours].cpu / count for taken in both),
            tuple(taken[theirs].cpu / count for taken in both),
            rival,
            Budget(RATIO, limit) if limit else None,
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


def _key(run: str, count: int) -> str:
    return run if count == 1 else f"{run} on {count} hosts"


def measure(effort: Effort) -> list[Row]:
    """Play a policy, ping and the rivals' loops, each minus an empty play.

    A quick run leaves out ufw, whose loop takes the longest, and the play on many hosts.
    """
    rivals = [name for name in RIVALS if not (effort.quick and name == "ufw")]
    ours = [OURS_HOST, *(f"{OURS_HOST}{number}" for number in range(2, MANY + 1))]
    with running(effort, *ours, *RIVALS) as lab:
        player = Player(lab, rival_collections.fetch(effort.say))
        for name in rivals:
            RIVALS[name].start(lab[name])
        runs = _Runs(player, [BenchHost(lab[name]) for name in ours], lab.hosts)
        runs.take([PING, OURS_HOST])  # everything into the page cache
        runs.rounds.clear()
        for turn in range(effort.rounds):
            runs.take(rotated([PING, OURS_HOST], turn))
            effort.say(f"policy: round {turn + 1} of {effort.rounds}")
        for turn in range(effort.long_rounds):
            if not effort.quick:
                runs.take(rotated([PING, OURS_HOST], turn), MANY)
            runs.take([OURS_HOST, *rotated(rivals, turn)])
            effort.say(f"policy, rivals: round {turn + 1} of {effort.long_rounds}")
    rows = [runs.row(run, PING, PING, limit=1.5) for run in _RUN_NAMES]
    if not effort.quick:
        rows += [runs.row(run, PING, PING, count=MANY) for run in _RUN_NAMES]
    for run in _RUN_NAMES:
        for name in rivals:
            loop = f"{name} x {len(PORTS)}"
            rows.append(runs.row(run, f"{name} {run}", loop, limit=0.1))
            rows.append(runs.wall_row(run, f"{name} {run}", loop))
    return rows
