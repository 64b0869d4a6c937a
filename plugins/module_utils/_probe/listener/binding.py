# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the sockets, and saying why one cannot be opened."""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
from typing import Any

from ..._model.verdict import FAIL, HIGH, NONE, PASS, WARN, Evidence, Verdict
from .options import Place
from .processes import holders_of

LISTENING = "listening"
IN_USE = "in_use"
DENIED = "denied"
NOT_PROBED = "not_probed"

# linux/in.h and linux/in6.h: tell us which of our addresses a datagram was sent to.
IP_PKTINFO = 8
IPV6_RECVPKTINFO = 49
IPV6_PKTINFO = 50

_BACKLOG = 64
_ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


@dataclasses.dataclass(frozen=True)
class Opened:
    """A bound socket of the listener `id`."""

    id: str
    protocol: str
    sock: socket.socket


def open_place(place: Place) -> tuple[list[Opened], Verdict]:
    """Bind one listener. Returns its sockets (none when it failed) and the verdict C(listening),
    C(in_use) or C(denied)."""
    opened: list[Opened] = []
    try:
        for family, address in _addresses(place):
            opened.append(Opened(place.id, place.protocol, _bind(family, address, place)))
    except OSError as error:
        for item in opened:
            item.sock.close()
        return [], _explain(place, error)
    shown = [str(item.sock.getsockname()[0]) for item in opened]
    return opened, Verdict(LISTENING, PASS, HIGH, (Evidence("bound to", shown, "kernel"),))


def skipped() -> Verdict:
    """Return the verdict of check mode."""
    return Verdict(
        NOT_PROBED,
        NONE,
        HIGH,
        (Evidence("listener", "check mode starts nothing", "flow_listener"),),
    )


def as_result(place: Place, verdict: Verdict) -> dict[str, Any]:
    """Return one item of the module's C(results)."""
    process = next((item.value for item in verdict.evidence if item.what == "process"), None)
    return {
        "id": place.id,
        "address": place.address,
        "port": place.port,
        "protocol": place.protocol,
        "process": process,
        **verdict.as_dict(),
    }


def _addresses(place: Place) -> list[tuple[int, str]]:
    if place.address:
        family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
        return [(family, place.address)]
    families = [socket.AF_INET]
    if _has_ipv6():
        families.append(socket.AF_INET6)
    return [(family, _ANY[family]) for family in families]


def _has_ipv6() -> bool:
    """Tell whether this host can bind IPv6 at all; `socket.has_ipv6` knows only how Python was
    built."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _bind(family: int, address: str, place: Place) -> socket.socket:
    stream = place.protocol == "tcp"
    sock = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            # Each family has its own socket: a dual one would hide who holds the other half.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if stream:
            # For TIME_WAIT only; Linux still refuses a second listener. Not for UDP, where it would
            # let two programs share the port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.bind((address, place.port))
        if stream:
            sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _explain(place: Place, error: OSError) -> Verdict:
    reason = os.strerror(error.errno or errno.EIO)
    evidence = [Evidence("bind", reason, "kernel")]
    if error.errno == errno.EADDRINUSE:
        holders = holders_of(place.protocol, place.port)
        for process in holders:
            evidence.append(Evidence("process", dataclasses.asdict(process), "/proc"))
        who = " and ".join(f"{item.name} (pid {item.pid})" for item in holders) or "another program"
        fix = (
            f"Probe {place.protocol.upper()} port {place.port} with the service of {who}, which"
            " listens there already, or stop it for the time of the test."
        )
        return Verdict(IN_USE, WARN, HIGH, tuple(evidence), fix)
    if error.errno == errno.EADDRNOTAVAIL:
        fix = f"Listen on an address of this host: {place.address} is none."
    else:
        fix = (
            f"Run as root to listen on {place.protocol.upper()} port {place.port}, and look at what"
            f" else may forbid it (SELinux, systemd): {reason}."
        )
    return Verdict(DENIED, FAIL, HIGH, tuple(evidence), fix)
