# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second look at our own packets, for root: did the SYN leave this host, which TTL had the
answer, who sent the error?

One packet socket for all probes. It sees outgoing packets behind every netfilter hook and answers
before them, so a SYN that was not seen was dropped on this host.
"""

from __future__ import annotations

import dataclasses
import socket
import struct

from . import bpf
from .icmp import IcmpError
from .loop import READ, Ready, Steps

_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PACKET_OUTGOING = 4
_SO_RCVBUFFORCE = 33
_BUFFER = 8 * 1024 * 1024

_SYN = 0x02
_RST = 0x04
_ACK = 0x10
_TCP = 6
_ICMP4 = 1
_ICMP6 = 58
_BATCH = 256


@dataclasses.dataclass(frozen=True)
class Segment:
    """A TCP segment with SYN or RST."""

    source: str
    source_port: int
    destination: str
    destination_port: int
    flags: int
    ttl: int


@dataclasses.dataclass
class Seen:
    """What the wire showed about one of our source ports.

    `left_for` are the destinations our SYN was sent to (another than ours means a local DNAT);
    the TTLs are those of the received SYN-ACK and RST.
    """

    left_for: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    accept_ttl: int | None = None
    reset_ttl: int | None = None
    icmp: IcmpError | None = None


class Witness:
    """Collects what the wire shows, by our source port. Raises `PermissionError` without
    CAP_NET_RAW."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        try:
            self._socket.setblocking(False)
            bpf.attach(self._socket)
            self._enlarge_buffer()
            # What slipped in before the filter: nothing is expected yet, so it is thrown away.
            self.drain()
            self.missed_packets()
        except OSError:
            self._socket.close()
            raise

    def _enlarge_buffer(self) -> None:
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except OSError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def expect(self, port: int) -> Seen:
        """Start to note what concerns our source port `port`; call it before the loop runs on."""
        return self._seen.setdefault(port, Seen())

    def watch(self) -> Steps[None]:
        """Read for ever: a background task."""
        while True:
            yield Ready(self._socket, READ, float("inf"))
            self._read(_BATCH)

    def drain(self) -> None:
        """Read all that has arrived up to now, before something is judged."""
        while self._read(_BATCH) == _BATCH:
            pass

    def missed_packets(self) -> bool:
        """Tell whether the buffer ran over, so that not having seen a packet proves nothing.
        Resets the count."""
        data = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return bool(struct.unpack("=II", data)[1])

    def close(self) -> None:
        self._socket.close()

    def _read(self, most: int) -> int:
        for count in range(most):
            try:
                packet, link = self._socket.recvfrom(256)
            except BlockingIOError:
                return count
            except OSError:
                # ENETDOWN is reported once when any interface goes down; the others go on.
                continue
            self.note(packet, outgoing=link[2] == _PACKET_OUTGOING)
        return most

    def note(self, packet: bytes, outgoing: bool) -> None:
        """File one packet that starts at its network header."""
        segment = parse_segment(packet)
        if segment is not None:
            self._note_segment(segment, outgoing)
            return
        found = parse_icmp(packet)
        if found is not None and found[0] in self._seen:
            seen = self._seen[found[0]]
            seen.icmp = seen.icmp or found[1]

    def _note_segment(self, segment: Segment, outgoing: bool) -> None:
        if segment.flags & (_SYN | _ACK) == _SYN:
            if outgoing and segment.source_port in self._seen:
                place = (segment.destination, segment.destination_port)
                seen = self._seen[segment.source_port]
                if place not in seen.left_for:
                    seen.left_for.append(place)
        elif not outgoing and segment.destination_port in self._seen:
            seen = self._seen[segment.destination_port]
            if segment.flags & _SYN:
                seen.accept_ttl = segment.ttl
            elif segment.flags & _RST:
                seen.reset_ttl = segment.ttl


def parse_segment(packet: bytes) -> Segment | None:
    """Read a TCP segment over IPv4 or IPv6, None when it is something else."""
    if len(packet) >= 40 and packet[0] >> 4 == 4 and packet[9] == _TCP:
        start = (packet[0] & 0x0F) * 4
        family, addresses, ttl = socket.AF_INET, (packet[12:16], packet[16:20]), packet[8]
    elif len(packet) >= 60 and packet[0] >> 4 == 6 and packet[6] == _TCP:
        start = 40
        family, addresses, ttl = socket.AF_INET6, (packet[8:24], packet[24:40]), packet[7]
    else:
        return None
    if len(packet) < start + 14:
        return None
    source_port, destination_port = struct.unpack_from("!HH", packet, start)
    return Segment(
        source=socket.inet_ntop(family, addresses[0]),
        source_port=source_port,
        destination=socket.inet_ntop(family, addresses[1]),
        destination_port=destination_port,
        flags=packet[start + 13],
        ttl=ttl,
    )


def parse_icmp(packet: bytes) -> tuple[int, IcmpError] | None:
    """Read an ICMP error about a TCP segment of ours: its source port and the error; None when it
    is something else."""
    if len(packet) >= 28 and packet[0] >> 4 == 4 and packet[9] == _ICMP4:
        start = (packet[0] & 0x0F) * 4
        inner = packet[start + 8 :]
        if len(inner) < 28 or inner[9] != _TCP:
            return None
        ports = (inner[0] & 0x0F) * 4
        version, source = 4, socket.inet_ntop(socket.AF_INET, packet[12:16])
    elif len(packet) >= 48 and packet[0] >> 4 == 6 and packet[6] == _ICMP6:
        start = 40
        inner = packet[48:]
        if len(inner) < 44 or inner[6] != _TCP:
            return None
        ports = 40
        version, source = 6, socket.inet_ntop(socket.AF_INET6, packet[8:24])
    else:
        return None
    if len(inner) < ports + 2:
        return None
    (source_port,) = struct.unpack_from("!H", inner, ports)
    return source_port, IcmpError(version, packet[start], packet[start + 1], source)
