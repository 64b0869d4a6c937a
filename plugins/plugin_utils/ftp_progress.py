# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that the terminal shows while a download runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

_MAX_LINES = 12
_STEP_PERCENT = 10
_STEP_SECONDS = 5.0
_MIB = 1 << 20


class Progress:
    """Decides when a line is worth showing: every 10 % or 5 s, only when something moved, 12 at
    most.

    `show` prints one line; `clock` gives seconds.
    """

    def __init__(
        self,
        host: str,
        server: str,
        show: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix = f"[{host}] ftp_path {server}"
        self._show = show
        self._clock = clock
        self._lines = 0
        self._shown_at = clock()
        self._shown_bytes = 0
        self._shown_percent = 0.0

    def update(self, status: Mapping[str, Any]) -> None:
        """Take the job's status (bytes, size, seconds) and show a line if it is time for one."""
        got, size = int(status.get("bytes") or 0), status.get("size")
        if got <= self._shown_bytes or self._lines >= _MAX_LINES:
            return
        percent = 100.0 * got / size if size else 0.0
        if not (self._moved(percent) if size else self._waited(1 + self._lines)):
            return
        self._lines += 1
        self._shown_at, self._shown_bytes, self._shown_percent = self._clock(), got, percent
        self._show(f"{self._prefix}: {line(got, size, float(status.get('seconds') or 0.0))}")

    def _moved(self, percent: float) -> bool:
        """Tell whether a line is due: at each ten per cent, and in between after 5 s, but only
        while there stays a line for each of the tens to come."""
        tens = int(percent // _STEP_PERCENT)
        if tens > int(self._shown_percent // _STEP_PERCENT):
            return True
        to_come = 100 // _STEP_PERCENT - tens
        return self._waited(1) and self._lines + to_come < _MAX_LINES

    def _waited(self, steps: int) -> bool:
        return self._clock() - self._shown_at >= _STEP_SECONDS * steps


def line(got: int, size: int | None, seconds: float) -> str:
    """Return C(512 MiB of 1 GiB, 50 %, 812 Mbit/s, 5 s left)."""
    rate = got / seconds if seconds > 0 else 0.0
    words = f"{rate * 8 / 1e6:.0f} Mbit/s" if rate >= 125e4 else f"{rate * 8 / 1e6:.1f} Mbit/s"
    if not size:
        return f"{amount(got)}, {words}"
    left = f", {duration((size - got) / rate)} left" if rate and got < size else ""
    return f"{amount(got)} of {amount(size)}, {100 * got // size} %, {words}{left}"


def amount(count: int) -> str:
    """Return a count of bytes as MiB or GiB."""
    if count >= 1 << 30:
        return f"{count / (1 << 30):.2f}".rstrip("0").rstrip(".") + " GiB"
    return f"{count / _MIB:.0f} MiB" if count >= 10 * _MIB else f"{count / _MIB:.1f} MiB"


def duration(seconds: float) -> str:
    """Return seconds as C(5 s), C(3 min) or C(2 h 5 min)."""
    whole = max(1, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
