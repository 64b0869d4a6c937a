# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second, small download with one thing changed: what experiments are made of."""

from __future__ import annotations

import dataclasses
import socket
import time
from typing import Any, Dict, List, Optional, Tuple

from .broken import Broken, Deadline, as_broken
from .data import Attempt
from .opening import Opening
from .options import Options
from .session import Session
from .transfer import EOF, MAX_BYTES, Limits, receive
from .verifier import Verifier
from .wire import Address, Watch, Wire

RECEIVED = "received"
# More than fits into any first flight, so that what came was acknowledged on the way.
_LITTLE = 64 << 10
_PATIENCE = 10.0


@dataclasses.dataclass(frozen=True)
class Change:
    """What a trial does: the mode of its data connection, the first byte it asks for, the most
    bytes it takes, the largest segment in bytes, and the seconds until it gives up: without a byte,
    and without a data connection.
    """

    mode: str
    offset: int = 0
    most: int = _LITTLE
    mss: Optional[int] = None
    stall_timeout: float = _PATIENCE
    connect_timeout: float = _PATIENCE


class Ground:
    """Where trials are made: the same server, login and file as the download before."""

    def __init__(self, options: Options, wire: Wire, deadline: Deadline, server: Address) -> None:
        self._options = options
        self._wire = wire
        self._deadline = deadline
        self._server = server

    def connect(self, port: int, timeout: float) -> Tuple[socket.socket, Watch]:
        """Connect to a port of the server. Raises `Broken`."""
        family, place = self._server
        address = (family, (place[0], port, *place[2:]))
        limit = min(timeout, self._options.connect_timeout)
        return self._wire.connect(address, limit, self._deadline, f"port {port}")

    def session(self, connect_timeout: float = _PATIENCE) -> Session:
        """Return a new session, logged in and binary. Raises `Broken`."""
        limit = min(connect_timeout, self._options.connect_timeout)
        options = dataclasses.replace(self._options, connect_timeout=limit)
        sock, watch = self.connect(self._options.port, self._options.connect_timeout)
        patience = min(self._options.reply_timeout, _PATIENCE)
        session = Session(sock, watch, options, self._wire, self._deadline, patience)
        try:
            session.greet()
            session.log_in()
            session.set_binary()
        except Broken:
            session.control.quit()
            raise
        return session

    def trial(self, change: Change) -> Dict[str, Any]:
        """Download a part and return what came of it.

        C(result) is received, or how it failed: the end of a transfer or the kind of a `Broken`;
        C(text), C(bytes), C(last_byte_seconds), C(attempts), and of the change C(mode), C(offset)
        and C(mss).
        """
        attempts: List[Attempt] = []
        found: Dict[str, Any] = {"mode": change.mode, "offset": change.offset, "mss": change.mss}
        found.update(result="", text="", bytes=0, last_byte_seconds=0.0)
        try:
            session = self.session(change.connect_timeout)
            try:
                found.update(self._part(session, change, attempts))
            finally:
                session.control.quit()
        except (Broken, OSError) as error:
            # What was measured before must not be lost over an explanation.
            broken = as_broken(error, "trying again")
            found.update(result=broken.kind, text=broken.text)
        found["attempts"] = [attempt.as_dict() for attempt in attempts]
        return found

    def _part(self, session: Session, change: Change, attempts: List[Attempt]) -> Dict[str, Any]:
        opening = Opening(session, self._options.path, attempts)
        limits = Limits(change.stall_timeout, change.most, self._deadline.end, None)
        with opening.open(change.mode, change.offset, change.mss) as opened:
            part = receive(
                opened.sock, Verifier(), limits, opened.started, lambda got, seconds: None
            )
        whole = part["end"] in (EOF, MAX_BYTES) and part["bytes"] > 0
        return {
            "result": RECEIVED if whole else part["end"],
            "bytes": part["bytes"],
            "last_byte_seconds": part["last_byte_seconds"],
        }

    def idle(self, seconds: float, probe_after: int) -> str:
        """Leave a control connection idle with keepalive, and return what NOOP says after it."""
        session = self.session()
        try:
            session.control.keep_alive(probe_after)
            time.sleep(self._deadline.limit(seconds))
            return str(session.control.health()["noop"])
        finally:
            session.control.quit()
