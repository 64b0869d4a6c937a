# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One UDP probe of one address: a datagram, sent again until something comes back."""

from __future__ import annotations

import errno
import socket
import time

from . import icmp, route
from .attempt import ANSWERED, FAILED, NOT_SENT, TIMED_OUT, Attempt
from .loop import READ, Ready, Steps
from .services import DATAGRAMS, Datagrams
from .tcp import bind_to_interface, milliseconds_since

# Seconds after the first datagram; a lost one must not decide. RFC 9002 starts with about the
# same pace.
_REPEATS = (0.4, 1.2, 2.8, 6.0, 12.0, 24.0)
_LARGEST_DATAGRAM = 65535


def probe_udp(attempt: Attempt, until: float) -> Steps[None]:
    """Fill in `attempt`, at most until `until` (monotonic seconds)."""
    sock = socket.socket(attempt.address.family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            bind_to_interface(sock, attempt.target.interface)
            icmp.keep_errors(sock)
            if not _is_group(attempt):
                # Connected, the socket takes answers from this address alone and is told about
                # ICMP errors.
                sock.connect(attempt.address.sockaddr(attempt.target.port))
                attempt.local = str(sock.getsockname()[0]).partition("%")[0]
        except OSError as error:
            attempt.outcome, attempt.errno = NOT_SENT, error.errno or errno.EIO
            return
        yield from _ask(sock, attempt, until)
    finally:
        sock.close()


def _is_group(attempt: Attempt) -> bool:
    """Tell whether the address is a broadcast or multicast one: answers come from others then."""
    if attempt.route is None:
        attempt.route = route.look_up(
            attempt.address.family, attempt.address.text, attempt.target.interface
        )
    return attempt.address.text == "255.255.255.255" or attempt.route.kind == route.BROADCAST


def _ask(sock: socket.socket, attempt: Attempt, until: float) -> Steps[None]:
    service = DATAGRAMS[attempt.target.service](attempt.target)
    started = time.monotonic()
    sockaddr = attempt.address.sockaddr(attempt.target.port)
    for pause in (*_REPEATS, float("inf")):
        try:
            if attempt.local:
                sock.send(service.request)
            else:
                sock.sendto(service.request, sockaddr)
            attempt.sent_count += 1
        except BlockingIOError:
            pass
        except OSError as error:
            _note_error(sock, attempt, error.errno or errno.EIO)
            return
        finished = yield from _listen(sock, attempt, service, min(until, started + pause), started)
        if finished or time.monotonic() >= until:
            break
    if attempt.outcome == NOT_SENT:
        attempt.outcome = TIMED_OUT


def _listen(
    sock: socket.socket, attempt: Attempt, service: Datagrams, until: float, started: float
) -> Steps[bool]:
    """Take what comes until `until`; return whether that settles it."""
    while True:
        came = yield Ready(sock, READ, until)
        if not came:
            return False
        try:
            data = sock.recv(_LARGEST_DATAGRAM)
        except BlockingIOError:
            continue
        except OSError as error:
            _note_error(sock, attempt, error.errno or errno.EIO)
            return True
        attempt.outcome = ANSWERED
        attempt.rtt_ms = milliseconds_since(started)
        attempt.answer = service.read(data)
        if attempt.answer.row == "open":
            return True


def _note_error(sock: socket.socket, attempt: Attempt, number: int) -> None:
    """An error on a datagram socket is either our own kernel's (nothing left) or an ICMP error
    about an earlier one."""
    attempt.errno = number
    attempt.icmp = icmp.take_error(sock)
    attempt.outcome = FAILED if attempt.icmp is not None or attempt.sent_count else NOT_SENT
