# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies of an FTP server (RFC 959 section 4.2, RFC 2428): strict, bounded, and free of control
bytes.

What a server says ends in logs and on terminals, so nothing unprintable passes, and no server can
make us
keep or wait for more than the limits below.
"""

from __future__ import annotations

import dataclasses
import re
import socket
from typing import List, Optional, Tuple

from .._model.errors import TimesensorError

MAX_LINE = 2048
MAX_LINES = 200
MAX_REPLY = 65536
MAX_SHOWN = 200

_FIRST = re.compile(rb"^([1-5][0-9][0-9])([ -])(.*)$", re.DOTALL)
_BARE = re.compile(rb"^[1-5][0-9][0-9]$")
_PASV = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_EPSV = re.compile(r"\((.)\1\1(\d{1,5})\1\)")
_OPENING_SIZE = re.compile(r"\((\d{1,19}) bytes?\)", re.IGNORECASE)
_SIZE = re.compile(r"^\s*(\d{1,19})\s*$")


class ReplyError(TimesensorError):
    """The server said something that is not an FTP reply, or too much of it."""


def printable(data: bytes) -> str:
    """Return `data` as text with everything but printable ASCII replaced by C(?)."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in data)


@dataclasses.dataclass(frozen=True)
class Reply:
    """One reply. `lines` hold the text without the code, printable."""

    code: int
    lines: Tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(line for line in self.lines if line)

    @property
    def kind(self) -> int:
        """1 preliminary, 2 done, 3 more is needed, 4 failed for now, 5 refused."""
        return self.code // 100

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:MAX_SHOWN].rstrip()


class ReplyParser:
    """Cuts what arrives into replies, however it is split."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._code: Optional[bytes] = None
        self._lines: List[str] = []
        self._size = 0

    def feed(self, data: bytes) -> List[Reply]:
        """Take more bytes and return the replies that they complete. Raises `ReplyError`."""
        self._pending += data
        replies = []
        while True:
            end = self._pending.find(b"\n")
            if end < 0:
                break
            line = bytes(self._pending[:end]).rstrip(b"\r")
            del self._pending[: end + 1]
            reply = self._line(line)
            if reply is not None:
                replies.append(reply)
        if len(self._pending) > MAX_LINE:
            raise ReplyError(f"the server sent a line of more than {MAX_LINE} bytes")
        return replies

    def _line(self, line: bytes) -> Optional[Reply]:
        if len(line) > MAX_LINE:
            raise ReplyError(f"the server sent a line of more than {MAX_LINE} bytes")
        self._size += len(line)
        if len(self._lines) >= MAX_LINES or self._size > MAX_REPLY:
            raise ReplyError(f"the server sent a reply of more than {MAX_LINES} lines")
        match = _FIRST.match(line)
        if self._code is None:
            return self._first(line, match)
        if _is_last(line, match, self._code):
            self._lines.append(printable(line[4:]))
            return self._finish(self._code)
        self._lines.append(printable(line))
        return None

    def _first(self, line: bytes, match: Optional[re.Match[bytes]]) -> Optional[Reply]:
        if match is None and _BARE.match(line):
            return self._finish(line)
        if match is None:
            raise ReplyError(f"the server sent {printable(line[:80])!r}, which is not an FTP reply")
        self._lines.append(printable(match.group(3)))
        if match.group(2) == b" ":
            return self._finish(match.group(1))
        self._code = match.group(1)
        return None

    def _finish(self, code: bytes) -> Reply:
        reply = Reply(int(code), tuple(self._lines))
        self._code, self._lines, self._size = None, [], 0
        return reply


def _is_last(line: bytes, match: Optional[re.Match[bytes]], code: bytes) -> bool:
    return line == code or (match is not None and match.group(1) == code and match.group(2) == b" ")


def passive_address(reply: Reply) -> Optional[Tuple[str, int]]:
    """Return host and port of a 227 reply, whatever text stands around them, or None."""
    match = _PASV.search(reply.text)
    if match is None:
        return None
    numbers = [int(group) for group in match.groups()]
    port = numbers[4] * 256 + numbers[5]
    if any(number > 255 for number in numbers) or port == 0:
        return None
    return ".".join(str(number) for number in numbers[:4]), port


def extended_passive_port(reply: Reply) -> Optional[int]:
    """Return the port of a 229 reply (RFC 2428 section 3), or None."""
    match = _EPSV.search(reply.text)
    port = int(match.group(2)) if match else 0
    return port if 0 < port < 65536 else None


def port_argument(host: str, port: int) -> str:
    """Return the argument of PORT (RFC 959)."""
    return ",".join([*host.split("."), str(port // 256), str(port % 256)])


def extended_port_argument(family: int, host: str, port: int) -> str:
    """Return the argument of EPRT (RFC 2428 section 2)."""
    return f"|{2 if family == socket.AF_INET6 else 1}|{host.split('%', maxsplit=1)[0]}|{port}|"


def size_of(reply: Reply) -> Optional[int]:
    """Return the size in a 213 reply to SIZE (RFC 3659 section 4)."""
    match = _SIZE.match(reply.text) if reply.code == 213 else None
    return int(match.group(1)) if match else None


def opening_size(reply: Reply) -> Optional[int]:
    """Return the size that many servers announce when the data connection opens: C((N bytes))."""
    match = _OPENING_SIZE.search(reply.text)
    return int(match.group(1)) if match else None
