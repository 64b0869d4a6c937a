# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP_INFO of a connection: what the kernel knows about the path (linux/tcp.h, struct tcp_info)."""

from __future__ import annotations

import socket
import struct
from typing import Any, Dict

_TCP_INFO = getattr(socket, "TCP_INFO", 11)
# The kernel returns as much as it knows: an older one leaves out the later fields.
_WORDS = {
    "snd_mss": 16,
    "rcv_mss": 20,
    "unacked": 24,
    "pmtu": 60,
    "rtt_us": 68,
    "advmss": 84,
    "rcv_rtt_us": 92,
    "total_retrans": 100,
    "rcv_ooopack": 224,
}
_TIMESTAMPS, _SACK, _WINDOW_SCALE = 1, 2, 4


def tcp_info(sock: socket.socket) -> Dict[str, Any]:
    """Return the fields that decide something, empty where the platform has none.

    `retransmits` counts those of the segment in flight, `total_retrans` all of the connection;
    `wscale`, `sack` and
    `timestamps` say which options survived the handshake.
    """
    try:
        data = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 256)
    except OSError:
        return {}
    if len(data) < 8:
        return {}
    info: Dict[str, Any] = {
        "state": data[0],
        "retransmits": data[2],
        "timestamps": bool(data[5] & _TIMESTAMPS),
        "sack": bool(data[5] & _SACK),
        "wscale": bool(data[5] & _WINDOW_SCALE),
    }
    for name, offset in _WORDS.items():
        if offset + 4 <= len(data):
            info[name] = struct.unpack_from("=I", data, offset)[0]
    return info


def scales_windows() -> bool:
    """Tell whether this host asks for window scaling (tcp(7), tcp_window_scaling)."""
    try:
        with open("/proc/sys/net/ipv4/tcp_window_scaling", encoding="ascii") as setting:
            return setting.read().strip() != "0"
    except OSError:
        return False
