# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP connections of a download, each with what the packet socket saw of it where we may have
one.
"""

from __future__ import annotations

import socket
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple

from .._probe.witness import Seen, Witness
from .broken import DNS, Broken, Deadline, from_os_error

Address = Tuple[int, Tuple[Any, ...]]
Watch = Callable[[], Optional[Dict[str, Any]]]

# More than a resolver takes for three name servers that do not answer (resolv.conf(5)).
_LONGEST_LOOK_UP = 60.0


def unwatched() -> None:
    """Tell nothing: the C(Watch) of a connection that no packet socket looks at."""


def resolve(host: str, port: int, deadline: Deadline) -> List[Address]:
    """Return family and socket address of each address of `host`. Raises `Broken` (dns, deadline).

    In a thread, because C(getaddrinfo) knows no end in time.
    """
    found: List[Address] = []
    errors: List[str] = []

    def look_up() -> None:
        try:
            for item in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
                found.append((item[0], tuple(item[4])))
        except (OSError, UnicodeError) as error:
            errors.append(str(getattr(error, "strerror", "") or error))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.limit(_LONGEST_LOOK_UP))
    if thread.is_alive():
        if deadline.passed():
            raise deadline.broken()
        raise Broken(DNS, f"{host} has no address: no answer in {_LONGEST_LOOK_UP:g} s")
    if errors:
        raise Broken(DNS, f"{host} has no address: {errors[0]}")
    return found


class Wire:
    """Opens connections. `witnessed` tells whether packets are seen (root, or CAP_NET_RAW)."""

    def __init__(self) -> None:
        self._witness: Optional[Witness] = None
        try:
            self._witness = Witness()
        except (OSError, AttributeError):
            # No right, or no packet sockets on this platform: the verdicts are one step less sure.
            self._witness = None

    @property
    def witnessed(self) -> bool:
        return self._witness is not None

    def connect(
        self,
        address: Address,
        timeout: float,
        deadline: Deadline,
        doing: str,
        mss: Optional[int] = None,
    ) -> Tuple[socket.socket, Watch]:
        """Connect. Returns the socket and a function that tells what the wire has shown of it so
        far. With `mss` neither side sends larger segments (tcp(7), TCP_MAXSEG).

        Raises `Broken`, with the same as its attribute C(wire).
        """
        family, place = address
        limit = deadline.limit(timeout)
        sock = socket.socket(family, socket.SOCK_STREAM)
        watch: Watch = unwatched
        try:
            if mss is not None:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
            if self._witness is not None:
                sock.bind(("", 0))
                watch = self._watch(sock.getsockname()[1])
            sock.settimeout(limit)
            sock.connect(place)
        except OSError as error:
            sock.close()
            if deadline.passed():
                raise deadline.broken() from error
            raise WireBroken(from_os_error(error, doing), watch()) from error
        return sock, watch

    def _watch(self, port: int) -> Watch:
        witness = self._witness
        if witness is None:
            raise AssertionError("only a witnessed connection is watched")
        seen = witness.expect(port)

        def tell() -> Dict[str, Any]:
            witness.drain()
            return describe(seen, witness.missed_packets())

        return tell

    def close(self) -> None:
        if self._witness is not None:
            self._witness.close()


class WireBroken(Broken):
    """A connection could not be made; `wire` is what the packet socket saw of it."""

    def __init__(self, cause: Broken, wire: Optional[Dict[str, Any]]) -> None:
        super().__init__(cause.kind, cause.text, cause.error, cause.reply)
        self.wire = wire


def describe(seen: Seen, missed: bool) -> Dict[str, Any]:
    """Return what the wire showed: C(left) (did our SYN leave the host), the TTLs, an ICMP error
    and its sender.
    """
    return {
        "left": True if missed else bool(seen.left_for),
        "accept_ttl": seen.accept_ttl,
        "reset_ttl": seen.reset_ttl,
        "icmp": None if seen.icmp is None else str(seen.icmp),
    }
