# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends small UDP packets at a steady rate until its standard input ends; prints how many.

Arguments: address, port, packets per second.
"""

from __future__ import annotations

import select
import socket
import sys
import time

FIRST_PORT, PORTS = 20000, 40000


def main() -> None:
    """Send until told to stop."""
    address, port, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sent = 0
    started = time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        due = int((time.monotonic() - started) * rate)
        while sent < due:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind(("", FIRST_PORT + sent % PORTS))
                sock.sendto(sent.to_bytes(8, "big"), (address, port))
            sent += 1
        time.sleep(0.0005)
    print(sent)


if __name__ == "__main__":
    main()
