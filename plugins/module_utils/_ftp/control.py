# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control connection (RFC 959 section 4): commands out, replies in, each with an end in
time.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any, Dict, List, Optional

from .broken import CLOSED, PROTOCOL, REPLY, Broken, Deadline, from_os_error
from .reply import Reply, ReplyError, ReplyParser, printable
from .tcp_info import tcp_info

_MAX_LOG = 120
_HEALTH_TIMEOUT = 5.0


class Control:
    """One control connection. `log` is what was said, passwords masked."""

    def __init__(self, sock: socket.socket, reply_timeout: float, deadline: Deadline) -> None:
        self.sock = sock
        self.log: List[str] = []
        self._timeout = reply_timeout
        self._deadline = deadline
        self._parser = ReplyParser()
        self._replies: List[Reply] = []

    @property
    def pending(self) -> bool:
        """Tell whether a reply has arrived that nobody has taken."""
        return bool(self._replies)

    def has_news(self) -> bool:
        """Tell whether something has arrived that was not read."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def note(self, line: str) -> None:
        if len(self.log) < _MAX_LOG:
            self.log.append(line)

    def command(self, verb: str, argument: str = "", secret: bool = False) -> Reply:
        """Send a command and return the reply that ends it. Raises `Broken`."""
        self.send(verb, argument, secret)
        return self.answer()

    def answer(self) -> Reply:
        """Wait for a reply that ends something. Preliminary ones may come before it (RFC 959
        section 4.2), but all of them in the time of one: else a server could hold us for ever.
        """
        end = time.monotonic() + self._timeout
        reply = self.reply()
        while reply.kind == 1:
            reply = self.reply(max(0.0, end - time.monotonic()))
        return reply

    def expect(
        self, verb: str, argument: str = "", kinds: str = "2", secret: bool = False
    ) -> Reply:
        """The same, for a command that must succeed: a reply of another kind is `Broken`
        (reply).
        """
        reply = self.command(verb, argument, secret)
        if str(reply.kind) not in kinds:
            raise Broken(REPLY, f"{verb} was answered with {reply}", reply=reply)
        return reply

    def send(self, verb: str, argument: str = "", secret: bool = False) -> None:
        line = f"{verb} {argument}" if argument else verb
        shown = f"{verb} ********" if secret else printable(line.encode("utf-8"))
        self.note(f"> {shown}")
        try:
            self.sock.settimeout(self._deadline.limit(self._timeout))
            self.sock.sendall(line.encode("utf-8") + b"\r\n")
        except OSError as error:
            raise from_os_error(error, f"sending {verb}") from error

    def reply(self, timeout: Optional[float] = None) -> Reply:
        """Wait for one reply: the whole of it must be there in time, however slowly its bytes
        trickle in.
        """
        limit = self._deadline.limit(self._timeout if timeout is None else timeout)
        end = time.monotonic() + limit
        while not self._replies:
            left = end - time.monotonic()
            if left <= 0:
                if self._deadline.passed():
                    raise self._deadline.broken()
                raise from_os_error(socket.timeout(), "waiting for the server's reply")
            self._read(left)
        reply = self._replies.pop(0)
        self.note(f"< {reply}")
        if reply.code == 421:
            raise Broken(REPLY, f"the server ends the session: {reply}", reply=reply)
        return reply

    def _read(self, timeout: float) -> None:
        self.sock.settimeout(timeout)
        try:
            data = self.sock.recv(65536)
        except socket.timeout:
            return
        except OSError as error:
            raise from_os_error(error, "waiting for the server's reply") from error
        if not data:
            raise Broken(CLOSED, "the server closed the control connection")
        try:
            self._replies += self._parser.feed(data)
        except ReplyError as error:
            raise Broken(PROTOCOL, error.message) from error

    def health(self) -> Dict[str, Any]:
        """Ask with NOOP whether the connection still carries anything.

        Returns C(noop) (answered, silent, reset or closed) and TCP_INFO: a segment that is never
        acknowledged was lost
        on the path, one that is acknowledged and not answered reached a server or a proxy that
        stays silent.
        """
        state, said = "answered", ""
        try:
            self.send("NOOP")
            said = str(self._answer_to_noop())
        except Broken as broken:
            state = {"timeout": "silent", "reset": "reset", "closed": "closed"}.get(
                broken.kind, broken.kind
            )
            said = broken.text
        return {"noop": state, "said": said, "tcp": tcp_info(self.sock)}

    def _answer_to_noop(self) -> Reply:
        # A late 226 or 426 may come first; NOOP itself is answered with 200 by all we know.
        end = time.monotonic() + _HEALTH_TIMEOUT
        reply = self.reply(_HEALTH_TIMEOUT)
        while reply.code not in (200, 250, 500, 502) and time.monotonic() < end:
            try:
                reply = self.reply(1.0)
            except Broken:
                break
        return reply

    def keep_alive(self, seconds: int) -> None:
        """Have the kernel send a probe after each `seconds` without traffic (tcp(7))."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, seconds)

    def quit(self) -> None:
        """Leave politely, without waiting."""
        try:
            self.sock.settimeout(1.0)
            self.sock.sendall(b"QUIT\r\n")
        except OSError:
            pass
        self.sock.close()
