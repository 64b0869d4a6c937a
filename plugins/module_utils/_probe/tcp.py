# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP probe of one address: handshake, dialogue, and the facts about both."""

from __future__ import annotations

import errno
import socket
import struct
import time

from . import icmp
from .attempt import ACCEPTED, FAILED, NOT_SENT, TIMED_OUT, Attempt
from .loop import WRITE, Ready, Steps
from .services import TALKS, Dialogue
from .stream import DialogueOver, Silence, TcpStream
from .witness import Witness

_SO_BINDTODEVICE = 25
# linux/tcp.h, struct tcp_info
_TCP_INFO_LENGTH = 104
_RETRANSMITS_AT = 2
_UNACKNOWLEDGED_AT = 24
_RTT_AT = 68


def bind_to_interface(sock: socket.socket, interface: str) -> None:
    """Send over `interface` only (socket(7), SO_BINDTODEVICE; without root since Linux 5.7)."""
    if interface:
        sock.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.encode() + b"\0")


def probe_tcp(attempt: Attempt, until: float, witness: Witness | None) -> Steps[None]:
    """Fill in `attempt`, at most until `until` (monotonic seconds)."""
    sock = socket.socket(attempt.address.family, socket.SOCK_STREAM)
    try:
        accepted = yield from _connect(sock, attempt, until, witness)
        if accepted:
            yield from _converse(sock, attempt, until)
    finally:
        sock.close()


def _connect(
    sock: socket.socket, attempt: Attempt, until: float, witness: Witness | None
) -> Steps[bool]:
    sock.setblocking(False)
    started = time.monotonic()
    try:
        bind_to_interface(sock, attempt.target.interface)
        icmp.keep_errors(sock)
        number = sock.connect_ex(attempt.address.sockaddr(attempt.target.port))
        local = sock.getsockname()
    except OSError as error:
        attempt.outcome, attempt.errno = NOT_SENT, error.errno or errno.EIO
        return False
    attempt.local = str(local[0]).partition("%")[0]
    if witness is not None and local[1]:
        attempt.seen = witness.expect(int(local[1]))
    if number not in (0, errno.EINPROGRESS):
        # A refusal from this host itself comes back at once, with the SYN already sent.
        attempt.outcome = FAILED if number == errno.ECONNREFUSED else NOT_SENT
        attempt.errno = number
        return False
    came = yield Ready(sock, WRITE, until)
    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    attempt.rtt_ms = milliseconds_since(started)
    if number == errno.ECONNRESET:
        # A reset in answer to a SYN is ECONNREFUSED: this one came right after the handshake.
        attempt.outcome, attempt.broken_by_reset = ACCEPTED, True
        return False
    if number or not came:
        attempt.icmp = icmp.take_error(sock)
        attempt.outcome = FAILED if number else TIMED_OUT
        attempt.errno = number
        if number != errno.ECONNREFUSED or attempt.icmp is not None:
            attempt.rtt_ms = None
        return False
    attempt.outcome = ACCEPTED
    attempt.rtt_ms = _kernel_rtt(sock) or attempt.rtt_ms
    # From here on an ICMP error is soft again, as it is for every ordinary program (RFC 5927).
    icmp.keep_errors(sock, keep=False)
    return True


def _converse(sock: socket.socket, attempt: Attempt, until: float) -> Steps[None]:
    """Talk to the service and note what came of it."""
    stream = TcpStream(sock, until)
    opened = [stream]

    def again() -> Steps[TcpStream]:
        second = yield from _second_connection(attempt, until)
        opened.append(second)
        return second

    dialogue = Dialogue(attempt.target, stream, again)
    try:
        attempt.answer = yield from TALKS[attempt.target.service](dialogue)
    except DialogueOver as over:
        attempt.answer = over.answer
    except Silence:
        attempt.unacknowledged = _is_unacknowledged(opened[-1].sock)
    except OSError as error:
        # ETIMEDOUT and ICMP errors mean that the path ate the data; anything else is a broken
        # connection.
        attempt.unacknowledged = error.errno in (errno.ETIMEDOUT, errno.EHOSTUNREACH)
        attempt.broken_by_reset = not attempt.unacknowledged
    finally:
        attempt.heard = opened[-1].heard
        for second in opened[1:]:
            second.close()


def _second_connection(attempt: Attempt, until: float) -> Steps[TcpStream]:
    """Connect once more, for a handshake that does not insist on the certificate. Raises
    `OSError` and `Silence`."""
    sock = socket.socket(attempt.address.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        bind_to_interface(sock, attempt.target.interface)
        number = sock.connect_ex(attempt.address.sockaddr(attempt.target.port))
        if number == errno.EINPROGRESS:
            came = yield Ready(sock, WRITE, until)
            if not came:
                raise Silence
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, "second connection")
    except BaseException:
        sock.close()
        raise
    return TcpStream(sock, until)


def milliseconds_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 3)


def _tcp_info(sock: socket.socket) -> bytes:
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_LENGTH)
    except OSError:
        return b""


def _kernel_rtt(sock: socket.socket) -> float | None:
    """The kernel's own figure does not grow with the number of probes in our loop."""
    info = _tcp_info(sock)
    if len(info) < _RTT_AT + 4:
        return None
    (microseconds,) = struct.unpack_from("=I", info, _RTT_AT)
    return round(microseconds / 1000, 3) if microseconds else None


def _is_unacknowledged(sock: socket.socket) -> bool:
    """Tell whether data was sent that the far end's TCP never acknowledged, though it was sent
    again."""
    info = _tcp_info(sock)
    if len(info) < _UNACKNOWLEDGED_AT + 4:
        return False
    (segments,) = struct.unpack_from("=I", info, _UNACKNOWLEDGED_AT)
    return segments > 0 and info[_RETRANSMITS_AT] > 0
