# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh's ProxyCommand: connects to HOST and PORT from a lab host and hands ssh the connection.

`tunnel.py RUN_DIR FROM HOST PORT`, with ProxyUseFdpass: no process stands between ssh and the
socket. It runs for each connection, so it imports nothing of the lab.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
from pathlib import Path

_CLONE_NEWNET = 0x40000000


def main(run_dir: str, start: str, host: str, port: str) -> None:
    """Connect and hand over; a sentence for ssh's stderr where that fails."""
    known = json.loads(Path(run_dir, "state.json").read_text())["hosts"][start]
    namespace = os.open(f"/proc/{known['pid']}/ns/net", os.O_RDONLY)
    started = Path(f"/proc/{known['pid']}/stat").read_text().rpartition(")")[2].split()[19]
    if started != known["started"]:
        raise OSError(f"the lab's host {start} is gone")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.setblocking(True)
    with socket.socket(fileno=os.dup(1)) as to_ssh:
        socket.send_fds(to_ssh, [b"\0"], [connection.fileno()])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"lab: no connection from {sys.argv[2]} to {sys.argv[3]}: {error}")
