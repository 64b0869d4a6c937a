# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts UDP packets until its standard input ends; prints how many came, each counted once, and
how many its socket had no room for.

Argument: port.
"""

from __future__ import annotations

import select
import socket
import sys
from pathlib import Path

BUFFER = 8 << 20
SO_RCVBUFFORCE = 33  # socket(7); not limited by net.core.rmem_max


def main() -> None:
    """Count until told to stop, and then what is still waiting."""
    port = int(sys.argv[1])
    seen: set[bytes] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        sock.bind(("", port))
        sock.setblocking(False)
        ended = False
        while True:
            watched = [sock] if ended else [sock, sys.stdin]
            ready = select.select(watched, [], [], 0 if ended else None)[0]
            if sock in ready:
                seen.add(sock.recv(64))
            elif ended:
                break
            ended = ended or sys.stdin in ready
        print(len(seen), overflow(port))


def overflow(port: int) -> int:
    """Return the drops of the socket on this port: the last column of /proc/net/udp."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            return int(fields[-1])
    return 0


if __name__ == "__main__":
    main()
