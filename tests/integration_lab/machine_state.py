# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine looks like from outside a lab.

Two snapshots are equal when a lab left nothing.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def net_namespaces() -> set[str]:
    """All network namespaces that a process lives in, by inode."""
    return set(_links("ns/net"))


def _links(name: str) -> Iterable[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield os.readlink(entry / name)
            except OSError:
                continue


@dataclasses.dataclass(frozen=True)
class Machine:
    """The parts of the machine that a lab could have changed."""

    links: str
    addresses: str
    rules: str
    named_namespaces: str
    mounts: str
    sysctls: tuple[str, ...]

    @classmethod
    def now(cls) -> Machine:
        return cls(
            links=_output("ip", "-o", "link"),
            # Lifetimes count down by themselves.
            addresses=_output("ip", "-o", "addr").replace("forever", ""),
            rules=_output("nft", "-s", "list", "ruleset"),
            named_namespaces=_output("ip", "netns", "list"),
            mounts=Path("/proc/self/mountinfo").read_text(),
            sysctls=tuple(
                Path("/proc/sys", name).read_text()
                for name in (
                    "net/ipv4/ip_forward",
                    "net/ipv4/tcp_congestion_control",
                    "net/ipv6/conf/all/forwarding",
                    "net/ipv6/conf/all/accept_ra",
                    "kernel/hostname",
                )
            ),
        )
