# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICMP errors (RFC 792, RFC 4443, RFC 1812): what they mean for a flow, and how the kernel hands
them to a socket."""

from __future__ import annotations

import dataclasses
import socket
import struct

# linux/errqueue.h and linux/in.h, linux/in6.h; the socket module does not name them all.
MSG_ERRQUEUE = 0x2000
IP_RECVERR = 11
IPV6_RECVERR = 25
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3
_EXTENDED_ERROR = struct.Struct("=IBBBBII")

NO_ROUTE = "no_route"
PROHIBITED = "prohibited"
PORT = "port"
EXPIRED = "expired"
OTHER = "other"

_V4_UNREACHABLE = {
    0: (NO_ROUTE, "network unreachable"),
    1: (NO_ROUTE, "host unreachable"),
    2: (PROHIBITED, "protocol unreachable"),
    3: (PORT, "port unreachable"),
    4: (OTHER, "fragmentation needed"),
    5: (NO_ROUTE, "source route failed"),
    6: (NO_ROUTE, "network unknown"),
    7: (NO_ROUTE, "host unknown"),
    8: (NO_ROUTE, "host isolated"),
    9: (PROHIBITED, "network administratively prohibited"),
    10: (PROHIBITED, "host administratively prohibited"),
    11: (NO_ROUTE, "network unreachable for this type of service"),
    12: (NO_ROUTE, "host unreachable for this type of service"),
    13: (PROHIBITED, "communication administratively prohibited"),
    14: (PROHIBITED, "host precedence violation"),
    15: (PROHIBITED, "precedence cutoff in effect"),
}
_V6_UNREACHABLE = {
    0: (NO_ROUTE, "no route to destination"),
    1: (PROHIBITED, "communication administratively prohibited"),
    2: (NO_ROUTE, "beyond scope of source address"),
    3: (NO_ROUTE, "address unreachable"),
    4: (PORT, "port unreachable"),
    5: (PROHIBITED, "source address failed ingress or egress policy"),
    6: (PROHIBITED, "reject route to destination"),
}


@dataclasses.dataclass(frozen=True)
class IcmpError:
    """An ICMP error about one of our packets. `version` is 4 or 6, `source` the address that sent
    it."""

    version: int
    type: int
    code: int
    source: str

    @property
    def kind(self) -> str:
        """What it means: C(no_route), C(prohibited) (a rule), C(port), C(expired) (a routing
        loop) or C(other)."""
        return self._meaning[0]

    @property
    def _meaning(self) -> tuple[str, str]:
        if self.version == 4:
            if self.type == 3:
                return _V4_UNREACHABLE.get(self.code, (OTHER, "destination unreachable"))
            return (EXPIRED, "time exceeded") if self.type == 11 else (OTHER, "error")
        if self.type == 1:
            return _V6_UNREACHABLE.get(self.code, (OTHER, "destination unreachable"))
        return (EXPIRED, "time exceeded") if self.type == 3 else (OTHER, "error")

    def __str__(self) -> str:
        protocol = "ICMP" if self.version == 4 else "ICMPv6"
        return f"{protocol} {self.type}/{self.code} ({self._meaning[1]}) from {self.source}"


def keep_errors(sock: socket.socket, keep: bool = True) -> None:
    """Ask the kernel to queue ICMP errors with their source; works without root (ip(7), TCP since
    Linux 5.18)."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, int(keep))
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, int(keep))


def take_error(sock: socket.socket) -> IcmpError | None:
    """Return the oldest queued ICMP error of `sock`, or None."""
    try:
        _data, ancillary, _flags, _address = sock.recvmsg(512, 512, MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) in (
            (socket.IPPROTO_IP, IP_RECVERR),
            (socket.IPPROTO_IPV6, IPV6_RECVERR),
        ):
            return parse_extended_error(data)
    return None


def parse_extended_error(data: bytes) -> IcmpError | None:
    """Read C(struct sock_extended_err) and the offender behind it; None when no ICMP packet is
    the cause."""
    if len(data) < _EXTENDED_ERROR.size + 8:
        return None
    _errno, origin, kind, code, _pad, _info, _data = _EXTENDED_ERROR.unpack_from(data)
    offender = data[_EXTENDED_ERROR.size :]
    if origin == _ORIGIN_ICMP:
        return IcmpError(4, kind, code, socket.inet_ntop(socket.AF_INET, offender[4:8]))
    if origin == _ORIGIN_ICMP6 and len(offender) >= 24:
        return IcmpError(6, kind, code, socket.inet_ntop(socket.AF_INET6, offender[8:24]))
    return None
