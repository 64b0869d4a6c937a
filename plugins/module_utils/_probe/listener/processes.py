# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process holds a port, from proc(5)."""

from __future__ import annotations

import dataclasses
import os
import re

# include/net/tcp_states.h: TCP_LISTEN; an unconnected UDP socket is in TCP_CLOSE.
_STATES = {"tcp": "0A", "udp": "07"}
_SOCKET_LINK = re.compile(r"^socket:\[(\d+)\]$")


@dataclasses.dataclass(frozen=True)
class Process:
    """A process: its number and its name (at most 15 characters, as the kernel keeps it)."""

    pid: int
    name: str


def holders_of(protocol: str, port: int, proc: str = "/proc") -> list[Process]:
    """Return the processes that listen on `port`; empty when they belong to others and this is not
    root, or when the kernel itself listens."""
    inodes = _inodes(protocol, port, proc)
    found = []
    for entry in os.listdir(proc) if inodes else ():
        if entry.isdigit() and _has_socket(f"{proc}/{entry}/fd", inodes):
            found.append(Process(int(entry), _name(f"{proc}/{entry}/comm")))
    return sorted(found, key=lambda process: process.pid)


def _inodes(protocol: str, port: int, proc: str) -> set[str]:
    """Return the inodes of the sockets that listen on `port`, in this network namespace."""
    inodes = set()
    for table in (protocol, protocol + "6"):
        try:
            with open(f"{proc}/self/net/{table}", encoding="ascii") as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        for row in rows:
            if int(row[1].rpartition(":")[2], 16) == port and row[3] == _STATES[protocol]:
                inodes.add(row[9])
    return inodes


def _has_socket(folder: str, inodes: set[str]) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            match = _SOCKET_LINK.match(os.readlink(f"{folder}/{name}"))
        except OSError:
            continue
        if match is not None and match.group(1) in inodes:
            return True
    return False


def _name(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            return lines.read().strip()
    except OSError:
        return ""
