# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's own answer to "which way?", over rtnetlink(7); needs no root and no C(ip)
command."""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
import struct

_RTM_GETROUTE = 26
_RTM_NEWNEIGH = 28
_RTM_GETNEIGH = 30
_NLM_F_REQUEST = 0x01
_NLM_F_DUMP = 0x300
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_RTA_DST = 1
_RTA_OIF = 4
_RTA_GATEWAY = 5
_RTA_PREFSRC = 7
_RTA_VIA = 18
_NDA_DST = 1

_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BBHiHBB")
_ATTRIBUTE = struct.Struct("=HH")

UNICAST = "unicast"
LOCAL = "local"
BROADCAST = "broadcast"
NONE = "none"
_KINDS = {1: UNICAST, 2: LOCAL, 3: BROADCAST, 4: UNICAST, 5: BROADCAST, 6: NONE, 7: NONE, 8: NONE}

# linux/neighbour.h: NUD_INCOMPLETE is asking, NUD_FAILED got no answer.
_UNANSWERED = 0x01 | 0x20


@dataclasses.dataclass(frozen=True)
class Route:
    """How this host would send to an address. `kind` is C(unicast), C(local), C(broadcast) (or
    multicast) or C(none).

    `gateway` is empty for a direct neighbour, `source` is our address towards it. With kind
    C(none), `reason` says why.
    """

    kind: str
    gateway: str = ""
    interface: str = ""
    interface_index: int = 0
    reason: str = ""
    source: str = ""

    def __str__(self) -> str:
        if self.kind == NONE:
            return f"no route: {self.reason}"
        if self.kind == LOCAL:
            return "an address of this host"
        via = f"via {self.gateway} " if self.gateway else "directly "
        return f"{via}on {self.interface}"


def look_up(family: int, address: str, interface: str = "") -> Route:
    """Ask the kernel for the route to `address` (a numeric one of `family`)."""
    packed = socket.inet_pton(family, address)
    body = _ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    body += _attribute(_RTA_DST, packed)
    if interface:
        try:
            body += _attribute(_RTA_OIF, struct.pack("=i", socket.if_nametoindex(interface)))
        except OSError:
            return Route(NONE, reason=f"interface {interface} does not exist")
    try:
        replies = _ask(_RTM_GETROUTE, _NLM_F_REQUEST, body)
    except OSError as error:
        return Route(NONE, reason=os.strerror(error.errno or errno.ENETUNREACH))
    for _kind, data in replies:
        return _read_route(family, data)
    return Route(NONE, reason="the kernel gave no answer")


def neighbour_is_silent(family: int, address: str, interface_index: int) -> bool:
    """Tell whether `address`, a direct neighbour, has not answered ARP or neighbour
    solicitation."""
    packed = socket.inet_pton(family, address)
    try:
        replies = _ask(
            _RTM_GETNEIGH,
            _NLM_F_REQUEST | _NLM_F_DUMP,
            _NEIGHBOUR.pack(family, 0, 0, 0, 0, 0, 0),
        )
    except OSError:
        return False
    for kind, data in replies:
        if kind != _RTM_NEWNEIGH:
            continue
        fields = _NEIGHBOUR.unpack_from(data)
        attributes = _attributes(data[_NEIGHBOUR.size :])
        if fields[3] == interface_index and attributes.get(_NDA_DST) == packed:
            return bool(fields[4] & _UNANSWERED)
    return False


def _attribute(kind: int, data: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(data), kind) + data + b"\0" * (-len(data) % 4)


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
    return found


def _read_route(family: int, data: bytes) -> Route:
    kind = _KINDS.get(_ROUTE.unpack_from(data)[7], UNICAST)
    attributes = _attributes(data[_ROUTE.size :])
    gateway = ""
    if _RTA_GATEWAY in attributes:
        gateway = socket.inet_ntop(family, attributes[_RTA_GATEWAY])
    elif _RTA_VIA in attributes:
        # RFC 5549: an IPv4 route through an IPv6 gateway; struct rtvia starts with the family.
        (number,) = struct.unpack_from("=H", attributes[_RTA_VIA])
        gateway = socket.inet_ntop(number, attributes[_RTA_VIA][2:])
    index = 0
    interface = ""
    if _RTA_OIF in attributes:
        (index,) = struct.unpack("=i", attributes[_RTA_OIF])
        try:
            interface = socket.if_indextoname(index)
        except OSError:
            interface = f"interface {index}"
    source = ""
    if _RTA_PREFSRC in attributes:
        source = socket.inet_ntop(family, attributes[_RTA_PREFSRC])
    reason = "a route says unreachable, prohibit or blackhole" if kind == NONE else ""
    return Route(kind, gateway, interface, index, reason, source)


def _ask(kind: int, flags: int, body: bytes) -> list[tuple[int, bytes]]:
    """Send one request and return the (type, payload) of all replies. Raises `OSError` with the
    kernel's number."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.settimeout(1)
        netlink.bind((0, 0))
        netlink.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body)
        replies: list[tuple[int, bytes]] = []
        while True:
            data = netlink.recv(65536)
            while len(data) >= _HEADER.size:
                length, reply, _flags, _sequence, _port = _HEADER.unpack_from(data)
                payload = data[_HEADER.size : length]
                if reply == _NLMSG_ERROR:
                    (number,) = struct.unpack_from("=i", payload)
                    raise OSError(-number, os.strerror(-number))
                if reply == _NLMSG_DONE:
                    return replies
                replies.append((reply, payload))
                data = data[(length + 3) & ~3 :]
            if not flags & _NLM_F_DUMP:
                return replies
