# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receive loop: up to 1 MiB at a time into one buffer, every byte verified, nothing stored.

A blocking socket with SO_RCVTIMEO as its tick costs one system call per piece, where a timeout of
Python's would cost a poll before each.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
import sys
import time
from typing import Any, Callable, Dict, Optional

from .broken import from_os_error
from .pattern import PERIOD
from .sampler import Sampler, megabits
from .verifier import NONE, Verifier

EOF = "eof"
RESET = "reset"
STALL = "stall"
DEADLINE = "deadline"
MAX_BYTES = "max_bytes"
ENDLESS = "endless"
ERROR = "error"

# One period of the pattern, which is the most that one memcmp can check. Measured against 256 KiB:
# 0.60 instead of 0.76
# of curl's CPU, for 0.75 MiB more memory.
BUFFER = PERIOD
_TICK = 0.25
# A server of unknown size that never ends is not a download of ours: 10 GiB is the largest package.
_MOST = 16 << 30

Progress = Callable[[int, float], None]


@dataclasses.dataclass(frozen=True)
class Limits:
    """When to stop: seconds without a byte, bytes in all, and the time (monotonic) of the
    deadline.
    """

    stall_timeout: float
    max_bytes: Optional[int]
    deadline: Optional[float]
    size: Optional[int]

    @property
    def most(self) -> int:
        """More than this is not the file any more: room for rewritten line ends, not for an endless
        stream.
        """
        return _MOST if self.size is None else self.size * 2 + (1 << 20)


def receive(
    sock: socket.socket, verifier: Verifier, limits: Limits, started: float, progress: Progress
) -> Dict[str, Any]:
    """Read the data connection to its end and close nothing.

    `started` is the time (monotonic) when the file was asked for. Returns C(end), C(bytes),
    C(seconds), C(mbit),
    C(ttfb_ms), C(samples), C(longest_gap) and so on; never raises for what the network does.
    """
    loop = _Loop(sock, verifier, limits, started, progress)
    loop.run()
    return loop.result()


class _Loop:
    def __init__(
        self,
        sock: socket.socket,
        verifier: Verifier,
        limits: Limits,
        started: float,
        progress: Progress,
    ) -> None:
        self._sock = sock
        self._verifier = verifier
        self._limits = limits
        self._started = started
        self._progress = progress
        self._sampler = Sampler()
        self._got = 0
        self._first: Optional[float] = None
        self._last = started
        self._now = started
        self._gap = (0.0, 0)
        self._end = ERROR
        self._error = ""

    def run(self) -> None:
        sock, verifier, limits = self._sock, self._verifier, self._limits
        sock.setblocking(True)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, int(_TICK * 1e6))
        )
        buffer = bytearray(BUFFER)
        view = memoryview(buffer)
        # Counting only: the kernel throws the bytes away without copying them (tcp(7), MSG_TRUNC).
        linux = sys.platform.startswith("linux")
        flags = int(socket.MSG_TRUNC) if verifier.name == NONE and linux else 0
        receive, check, clock = sock.recv_into, verifier.check, time.monotonic
        most = limits.most if limits.max_bytes is None else min(limits.most, limits.max_bytes)
        got, last, due, whole = 0, self._started, self._started + _TICK, BUFFER
        while True:
            try:
                count = receive(buffer, min(whole, most - got), flags)
            except (BlockingIOError, InterruptedError):
                count = -1
            except OSError as error:
                self._failed(error)
                break
            now = clock()
            if count > 0:
                check(view[:count], got)
                if now - last > self._gap[0]:
                    self._gap = (now - last, got)
                if got == 0:
                    self._first = now
                got += count
                last = now
                if got >= most:
                    self._end = MAX_BYTES if got == limits.max_bytes else ENDLESS
                    break
            elif count == 0:
                self._end = EOF
                break
            elif now - last > limits.stall_timeout:
                self._end = STALL
                break
            if now >= due:
                self._got, self._last, self._now = got, last, now
                if self._tick(now):
                    break
                due = min(now + _TICK, self._started + self._sampler.due())
        self._got, self._last, self._now = got, last, clock()

    def _failed(self, error: OSError) -> None:
        broken = from_os_error(error, "receiving the file")
        self._error = broken.error or broken.text
        self._end = RESET if broken.kind == "reset" else ERROR

    def _tick(self, now: float) -> bool:
        """Do what need not be done for every piece; tell whether to stop."""
        self._sampler.add(now - self._started, self._got)
        self._progress(self._got, now - self._started)
        if self._limits.deadline is not None and now >= self._limits.deadline:
            self._end = DEADLINE
            return True
        return False

    def result(self) -> Dict[str, Any]:
        complete = self._end == EOF
        seconds = (self._last if complete and self._got else self._now) - self._started
        gap = max(self._gap, (self._now - self._last, self._got))
        return {
            "end": self._end,
            "error": self._error,
            "bytes": self._got,
            "seconds": round(seconds, 3),
            "last_byte_seconds": round(self._last - self._started, 3),
            "mbit": megabits(self._got, seconds),
            "ttfb_ms": None
            if self._first is None
            else round((self._first - self._started) * 1000, 1),
            "longest_gap": {"seconds": round(gap[0], 2), "offset": gap[1]},
            "worst_window_mbit": self._sampler.worst_window,
            "samples": self._sampler.curve(seconds, self._got),
            "verify": self._verifier.result(complete),
        }
