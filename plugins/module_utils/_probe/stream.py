# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connected TCP socket inside the loop, and the reading that all services share."""

from __future__ import annotations

import dataclasses
import socket
from typing import Protocol

from .._model.verdict import Evidence
from .loop import READ, WRITE, Ready, Steps

KEPT = 2048
LONGEST_ANSWER = 16 * 1024


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a dialogue with a service came to: the `row` of the verdict table, evidence, and words
    for its fix."""

    row: str
    evidence: tuple[Evidence, ...] = ()
    words: tuple[tuple[str, str], ...] = ()


class DialogueOver(Exception):
    """The dialogue ended early, and this is what it came to."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.row)
        self.answer = answer


class Silence(Exception):
    """The time was up while something was still awaited."""


class Stream(Protocol):
    """What a service talks through: plain TCP or TLS over it."""

    def send(self, data: bytes) -> Steps[None]:
        """Send all of `data`."""

    def receive(self) -> Steps[bytes]:
        """Return what has come, at least one byte, or nothing at the end of the stream."""


class TcpStream:
    """A connected, non-blocking socket with one deadline for everything.

    `heard` keeps the first bytes the peer sent and `sent` counts ours, as evidence when the
    dialogue breaks off.
    """

    def __init__(self, sock: socket.socket, until: float) -> None:
        self.sock = sock
        self.until = until
        self.heard = b""
        self.sent = 0

    def send(self, data: bytes) -> Steps[None]:
        """Send all of `data`. Raises `Silence` when the time is up, `OSError` when the connection
        breaks."""
        view = memoryview(data)
        while view:
            try:
                count = self.sock.send(view, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                yield from self._wait(WRITE)
            else:
                self.sent += count
                view = view[count:]

    def receive(self) -> Steps[bytes]:
        """Return what arrives next, empty at the end. Raises as `send` does."""
        while True:
            try:
                data = self.sock.recv(LONGEST_ANSWER)
            except BlockingIOError:
                yield from self._wait(READ)
            else:
                if len(self.heard) < KEPT:
                    self.heard += data[: KEPT - len(self.heard)]
                return data

    def _wait(self, events: int) -> Steps[None]:
        came = yield Ready(self.sock, events, self.until)
        if not came:
            raise Silence

    def close(self) -> None:
        self.sock.close()


class Reader:
    """Reads lines and blocks from a stream, within `LONGEST_ANSWER`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""

    def line(self) -> Steps[bytes]:
        """Return the next line without its end; at the end of the stream or of patience, what is
        there."""
        while b"\n" not in self._buffer and len(self._buffer) < LONGEST_ANSWER:
            data = yield from self._stream.receive()
            if not data:
                break
            self._buffer += data
        line, _newline, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def exactly(self, length: int) -> Steps[bytes]:
        """Return `length` bytes, fewer at the end of the stream."""
        while len(self._buffer) < length:
            data = yield from self._stream.receive()
            if not data:
                break
            self._buffer += data
        block, self._buffer = self._buffer[:length], self._buffer[length:]
        return block


def printable(data: bytes, most: int = 120) -> str:
    """Make bytes from a stranger safe to show: ASCII only, control bytes escaped, at most `most`
    characters."""
    text = "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in data[:most])
    return text + ("..." if len(data) > most else "")
