# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From EPSV, PASV, PORT or EPRT to the reply that opens the file: how a download gets its data
connection.
"""

from __future__ import annotations

import dataclasses
import socket
import time
from typing import Callable, List, Optional, Tuple

from .broken import DEADLINE, REPLY, Broken
from .data import ACTIVE, AUTO, EPSV, PASV, Attempt
from .reply import Reply
from .session import Session
from .wire import Watch, unwatched


@dataclasses.dataclass(frozen=True)
class Opened:
    """A data connection on which the file comes; a C(with) block closes it. `started` is the time
    (monotonic) when it was asked for, `reply` what RETR was answered with.
    """

    sock: socket.socket
    watch: Watch
    mode: str
    started: float
    reply: Reply

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.sock.close()


class Opening:
    """Opens the data connection of one download over `session`.

    `attempts` gets every try, whatever comes of it; `connected` is called when a data connection
    stands and the file has not been opened yet.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        attempts: List[Attempt],
        connected: Callable[[Attempt], None] = lambda attempt: None,
    ) -> None:
        self._session = session
        self._path = path
        self._attempts = attempts
        self._connected = connected

    def open(self, mode: str, offset: int = 0, mss: Optional[int] = None) -> Opened:
        """Ask for the file from byte `offset` on. Raises `Broken`."""
        if offset:
            self._session.control.expect("REST", str(offset), kinds="3")
        if mode == ACTIVE:
            return self._active()
        return self._passive(mode, mss)

    def _passive(self, mode: str, mss: Optional[int]) -> Opened:
        sock, watch, attempt = self._connect(mode, mss)
        control = self._session.control
        try:
            self._connected(attempt)
            started = time.monotonic()
            control.send("RETR", self._path)
            reply = _opening(control.reply())
        except Broken:
            sock.close()
            raise
        return Opened(sock, watch, attempt.mode, started, reply)

    def _connect(self, wanted: str, mss: Optional[int]) -> Tuple[socket.socket, Watch, Attempt]:
        """Try EPSV, then PASV, as curl does; PASV does not exist on IPv6."""
        opener = self._session.opener
        modes = [wanted]
        if wanted == AUTO:
            modes = [EPSV, PASV] if opener.family == socket.AF_INET else [EPSV]
        failures: List[Broken] = []
        for mode in modes:
            attempt = Attempt(mode)
            self._attempts.append(attempt)
            try:
                sock, watch = opener.passive(mode, attempt, mss)
            except Broken as broken:
                failures.append(broken)
                if not self._still_there(attempt, broken):
                    break
                continue
            return sock, watch, attempt
        # That a server lacks one of the commands does not explain why the other one's data
        # connection failed.
        raise ([broken for broken in failures if broken.reply is None] or failures)[-1]

    def _still_there(self, attempt: Attempt, broken: Broken) -> bool:
        """Tell whether another try makes sense: the control connection answers."""
        if broken.reply is not None:
            return broken.reply.code != 421
        if broken.kind in (DEADLINE, "closed", "reset", "protocol") or not attempt.port:
            return False
        health = self._session.control.health()
        attempt.control = health["noop"]
        return attempt.control == "answered"

    def _active(self) -> Opened:
        opener, control = self._session.opener, self._session.control
        attempt = Attempt(ACTIVE)
        self._attempts.append(attempt)
        with opener.listen(attempt) as listener:
            started = time.monotonic()
            control.send("RETR", self._path)
            sock = opener.accept(listener, attempt)
        try:
            self._connected(attempt)
            reply = _opening(opener.opening or control.reply())
        except Broken:
            sock.close()
            raise
        return Opened(sock, unwatched, ACTIVE, started, reply)


def _opening(reply: Reply) -> Reply:
    """Return the reply that opens the file: a preliminary one, or already the end of a small file,
    or of a proxy that holds all of it.
    """
    if reply.kind not in (1, 2):
        raise Broken(REPLY, f"RETR was answered with {reply}", reply=reply)
    return reply
