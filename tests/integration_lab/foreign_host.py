# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on which another program's rules stand: written by the program that runs there, or loaded
from a capture."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Iterator
from contextlib import contextmanager

from integration_lab import capture
from integration_lab.foreign_programs import ADDRESS, HOST, PROGRAMS, TOPOLOGY
from integration_lab.lab_host import LabHost

from lab import Lab
from lab.host import wait_for
from lab.root import CAPTURE_ROOTS

OURS = "legalops_timesensor"


@dataclasses.dataclass(frozen=True)
class ForeignHost:
    """The lab with the host, and the host as the engine's; the program runs there when `live`."""

    lab: Lab
    host: LabHost
    live: bool

    def add(self, name: str) -> None:
        """Start a program, or load its capture."""
        if self.live:
            PROGRAMS[name].start(self.lab[HOST])
        else:
            load(self.host, name)

    def serve(self, *ports: int) -> None:
        """Listen on ports of the host."""
        host = self.lab[HOST]
        for port in ports:
            host.popen(["python3", "-m", "http.server", str(port)])
        wait_for(lambda: all(map(host.listening, ports)), 10, f"ports {ports}: no server")

    def answer(self, source: str, port: int, timeout: float = 1) -> str:
        """Return what the other host `source` meets at a port: open, refused or filtered."""
        with self.lab[source].socket() as client:
            client.settimeout(timeout)
            try:
                code = client.connect_ex((ADDRESS, port))
            except TimeoutError:
                return "filtered"
        return {0: "open", errno.ECONNREFUSED: "refused"}.get(code, "filtered")


@contextmanager
def foreign_host(*names: str, live: bool, suite: str = "") -> Iterator[ForeignHost]:
    """A host with the rules of these programs, which run there when `live`; of one Debian suite."""
    suite = suite or PROGRAMS[names[0]].suite
    with Lab(TOPOLOGY, root=CAPTURE_ROOTS[suite]) as lab:
        running = ForeignHost(lab, LabHost(lab[HOST]), live)
        for name in names:
            running.add(name)
        yield running


def load(host: LabHost, name: str) -> None:
    """Load a committed capture into a host."""
    if not PROGRAMS[name].xtables:
        # The owner is gone, and kernels before 6.9 know no table that stays without it.
        host.nft(capture.stored(name).replace("\tflags owner,persist\n", ""))
        return
    for version, command in capture.IPTABLES.items():
        text = capture.stored(name, f"rules.{version}")
        if text:
            host.run(f"{command}-restore", stdin=text)


def foreign_lines(listing: str) -> list[str]:
    """Return the lines of a listing that are not ours, in their order.

    By nft's indentation, and not by the plan's own reading of it, which is what is being tested.
    """
    kept: list[str] = []
    end_of_ours = ""
    for line in listing.splitlines():
        if end_of_ours:
            end_of_ours = "" if line == end_of_ours else end_of_ours
        elif line == f"table inet {OURS} {{":
            end_of_ours = "}"
        elif line.startswith(f"\tchain {OURS}"):
            end_of_ours = "\t}"
        elif line and f"jump {OURS}" not in line:
            kept.append(line)
    return kept


def own_places(listing: str) -> list[str]:
    """Return the tables that hold anything of ours."""
    table = ""
    found: list[str] = []
    for line in listing.splitlines():
        if line.startswith("table "):
            table = line.removeprefix("table ").removesuffix(" {")
        if OURS in line and table not in found:
            found.append(table)
    return found
