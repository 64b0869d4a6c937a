# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the measurements run: hosts of the lab, and the rivals that are installed in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from integration_lab.lab_host import LabHost

from lab import Host, HostSpec, Lab, Network, Nic, Root, Topology
from lab.root import LIGHT_PACKAGES

# Small enough to be built in two minutes; `time` reads the memory of what is measured.
_RIVALS = ("firewalld", "iptables", "lftp", "time", "ufw", "wget")
ROOT = Root(packages=LIGHT_PACKAGES + _RIVALS, unpacked=(), quic=False)
BUILD = Path(__file__).resolve().parents[2] / ".build"

_NET = Network("net", IPv4Network("198.51.100.0/24"), IPv6Network("2001:db8:51::/64"))


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much to do: `rounds` alternating rounds of the short measurements, and `long_rounds` of
    those that take many seconds. `say` tells a person what is going on."""

    rounds: int
    long_rounds: int
    quick: bool
    say: Callable[[str], None]


class BenchHost(LabHost):
    """A host with the code for managed hosts, compiled as a user's host has it from its first run
    on."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        host.run([self.python, "-m", "compileall", "-q", self.code], check=True)


@contextmanager
def running(effort: Effort, *names: str) -> Iterator[Lab]:
    """Hosts of these names on one network, of the benchmarks' own root."""
    specs = tuple(
        HostSpec(name, (Nic("eth0", _NET.name, number),))
        for number, name in enumerate(names, start=1)
    )
    with Lab(Topology("bench", (_NET,), specs), root=ROOT, say=effort.say) as lab:
        yield lab


def place_of(lab: Lab) -> Path:
    """A folder of this lab for the files of a measurement; gone with it."""
    place = lab.run_dir / "bench"
    place.mkdir(exist_ok=True)
    return place
