# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data connection: EPSV (RFC 2428), PASV, PORT and EPRT.

A passive data connection always goes to the address that the control connection has, whatever the
227 reply
names: no server can make us connect to a third host (bpo-43285, CVE-2020-8284).
"""

from __future__ import annotations

import dataclasses
import select
import socket
import time
from typing import Any, Dict, Optional, Tuple

from .broken import PROTOCOL, REPLY, TIMEOUT, Broken, Deadline
from .control import Control
from .reply import (
    Reply,
    extended_passive_port,
    extended_port_argument,
    passive_address,
    port_argument,
)
from .wire import Watch, Wire, WireBroken

EPSV = "epsv"
PASV = "pasv"
ACTIVE = "active"
AUTO = "auto"
MODES = (AUTO, EPSV, PASV, ACTIVE)


@dataclasses.dataclass
class Attempt:
    """One try to open a data connection, as it goes into the observation.

    `result` is connected, listening, or the kind of failure; `control` is what NOOP said after a
    failure. `port` is 0 while the server has not accepted EPSV, PASV, PORT or EPRT.
    `advertised_host` is what the 227 reply, or our PORT, names; `turned_away` who else connected,
    and `source_port` is the one that an active data connection came from.
    """

    mode: str
    result: str = ""
    text: str = ""
    error: str = ""
    port: int = 0
    advertised_host: str = ""
    milliseconds: float = 0.0
    reply: Optional[Dict[str, Any]] = None
    wire: Optional[Dict[str, Any]] = None
    control: str = ""
    turned_away: str = ""
    source_port: Optional[int] = None

    def as_dict(self) -> Dict[str, Any]:
        return dataclasses.asdict(self)


class DataOpener:
    """Opens data connections beside one control connection."""

    def __init__(
        self, control: Control, wire: Wire, connect_timeout: float, deadline: Deadline
    ) -> None:
        self._control = control
        self._wire = wire
        self._timeout = connect_timeout
        self._deadline = deadline
        self.peer = control.sock.getpeername()
        self.family = control.sock.family

    def passive(
        self, mode: str, attempt: Attempt, mss: Optional[int] = None
    ) -> Tuple[socket.socket, Watch]:
        """Open a passive data connection, at the wish of an experiment with segments of at most
        `mss` bytes. Fills `attempt`; raises `Broken`.
        """
        started = time.monotonic()
        try:
            port = self._extended(attempt) if mode == EPSV else self._classic(attempt)
            attempt.port = port
            address = (self.family, (self.peer[0], port, *self.peer[2:]))
            sock, watch = self._wire.connect(
                address, self._timeout, self._deadline, f"data connection to port {port}", mss
            )
        except Broken as broken:
            attempt.result, attempt.text, attempt.error = broken.kind, broken.text, broken.error
            attempt.reply = broken.as_dict()["reply"]
            attempt.wire = broken.wire if isinstance(broken, WireBroken) else None
            raise
        finally:
            attempt.milliseconds = round((time.monotonic() - started) * 1000, 1)
        attempt.result = "connected"
        return sock, watch

    def _extended(self, attempt: Attempt) -> int:
        reply = self._control.expect("EPSV")
        port = extended_passive_port(reply)
        if port is None:
            raise Broken(PROTOCOL, f"the reply to EPSV names no port: {reply}", reply=reply)
        return port

    def _classic(self, attempt: Attempt) -> int:
        reply = self._control.expect("PASV")
        place = passive_address(reply)
        if place is None:
            raise Broken(PROTOCOL, f"the reply to PASV names no port: {reply}", reply=reply)
        attempt.advertised_host = place[0]
        return place[1]

    def listen(self, attempt: Attempt) -> socket.socket:
        """Listen on the address of the control connection and announce it with PORT or EPRT."""
        local = self._control.sock.getsockname()
        listener = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            listener.bind((local[0], 0, *local[2:]))
            listener.listen(1)
            port = listener.getsockname()[1]
            attempt.advertised_host = local[0]
            if self.family == socket.AF_INET:
                self._control.expect("PORT", port_argument(local[0], port))
            else:
                self._control.expect("EPRT", extended_port_argument(self.family, local[0], port))
        except Broken as broken:
            listener.close()
            attempt.result, attempt.text = broken.kind, broken.text
            attempt.reply = broken.as_dict()["reply"]
            raise
        attempt.port = port
        attempt.result = "listening"
        return listener

    def accept(self, listener: socket.socket, attempt: Attempt) -> socket.socket:
        """Wait until the server connects; anyone else is turned away. Raises `Broken` (timeout, or
        reply: 425).
        """
        started = time.monotonic()
        end = started + self._deadline.limit(self._timeout)
        try:
            while True:
                left = 0.0 if self._control.pending else end - time.monotonic()
                ready = select.select([listener, self._control.sock], [], [], max(0.0, left))[0]
                if listener in ready:
                    sock, source = listener.accept()
                    if source[0] == self.peer[0]:
                        attempt.result = "connected"
                        attempt.source_port = source[1]
                        return sock
                    attempt.turned_away = source[0]
                    sock.close()
                elif ready or self._control.pending:
                    self._refused(self._control.reply())
                elif left <= 0:
                    raise Broken(
                        TIMEOUT, "the server's data connection did not arrive", "ETIMEDOUT"
                    )
        except Broken as broken:
            attempt.result, attempt.text, attempt.error = broken.kind, broken.text, broken.error
            attempt.reply = broken.as_dict()["reply"]
            raise
        finally:
            attempt.milliseconds = round((time.monotonic() - started) * 1000, 1)
            listener.close()

    def _refused(self, reply: Reply) -> None:
        if reply.kind != 1:
            raise Broken(REPLY, f"RETR was answered with {reply}", reply=reply)
        self.opening = reply

    opening: Optional[Reply] = None
