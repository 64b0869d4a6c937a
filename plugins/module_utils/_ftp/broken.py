# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a step of the download can fail, in words that the verdicts are made of."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any, Dict, Optional, Union

from .reply import Reply

TIMEOUT = "timeout"
REFUSED = "refused"
UNREACHABLE = "unreachable"
RESET = "reset"
CLOSED = "closed"
REPLY = "reply"
PROTOCOL = "protocol"
DEADLINE = "deadline"
DNS = "dns"
LOCAL = "local"
ERROR = "error"

# EADDRNOTAVAIL: this host has no address of that family, as where IPv6 is turned off.
_UNREACHABLE = (
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
)
_RESET = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
_LOCAL = (errno.EPERM, errno.EACCES)


class Broken(Exception):
    """A step failed. `kind` is one of the words above, `error` the name of the errno, `reply` what
    the server said.
    """

    def __init__(
        self, kind: str, text: str, error: str = "", reply: Optional[Reply] = None
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.error = error
        self.reply = reply

    def as_dict(self) -> Dict[str, Any]:
        reply = None
        if self.reply is not None:
            reply = {"code": self.reply.code, "text": str(self.reply)}
        return {"kind": self.kind, "text": self.text, "error": self.error, "reply": reply}


def from_os_error(error: OSError, doing: str) -> Broken:
    """Say what an exception of a socket means."""
    name = errno.errorcode.get(error.errno or 0, "")
    if isinstance(error, socket.timeout) or error.errno in (errno.ETIMEDOUT, errno.EAGAIN):
        return Broken(TIMEOUT, f"{doing}: no answer in time", name or "ETIMEDOUT")
    kind = ERROR
    if error.errno == errno.ECONNREFUSED:
        kind = REFUSED
    elif error.errno in _UNREACHABLE:
        kind = UNREACHABLE
    elif error.errno in _RESET:
        kind = RESET
    elif error.errno in _LOCAL:
        kind = LOCAL
    return Broken(kind, f"{doing}: {error.strerror or error}", name)


def as_broken(error: Union[Broken, OSError], doing: str) -> Broken:
    """Return `error` as a `Broken`, whichever of the two it is."""
    return error if isinstance(error, Broken) else from_os_error(error, doing)


class Deadline:
    """The end of the whole run, in seconds from now; None means no end. `end` is its time
    (monotonic).
    """

    def __init__(self, seconds: Optional[float]) -> None:
        self.seconds = seconds
        self.end = None if seconds is None else time.monotonic() + seconds

    def passed(self) -> bool:
        return self.end is not None and time.monotonic() >= self.end

    def limit(self, seconds: float) -> float:
        """Return `seconds` or what is left, whichever is less. Raises `Broken` when nothing is
        left.
        """
        if self.end is None:
            return seconds
        left = self.end - time.monotonic()
        if left <= 0:
            raise self.broken()
        return min(seconds, left)

    def broken(self) -> Broken:
        return Broken(DEADLINE, f"the deadline of {self.seconds:g} s has passed")
