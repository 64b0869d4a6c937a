# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The throughput curve of a transfer, in constant memory, and its worst window."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

MAX_POINTS = 120
_FIRST_INTERVAL = 0.1
_WINDOW = 5.0
_WINDOW_STEP = 0.5
# Slow start is no fault of the path: the first second does not count for the worst window.
_WARM_UP = 1.0


def megabits(count: int, seconds: float) -> float:
    """Return Mbit/s (10^6 bits), two decimals."""
    return round(count * 8 / seconds / 1e6, 2) if seconds > 0 else 0.0


class Sampler:
    """Fed with (seconds, bytes so far) as often as one likes; keeps at most 120 points by merging
    pairs.
    """

    def __init__(self) -> None:
        self._points: List[Tuple[float, int]] = []
        self._interval = _FIRST_INTERVAL
        self._next = _FIRST_INTERVAL
        self._window: List[Tuple[float, int]] = []
        self._window_next = _WARM_UP
        self.worst_window: Optional[float] = None

    def due(self) -> float:
        """Return the time of the next sample, so that the caller need not call for every piece."""
        return min(self._next, self._window_next)

    def add(self, seconds: float, total: int) -> None:
        if seconds >= self._next:
            self._points.append((seconds, total))
            if len(self._points) >= MAX_POINTS:
                self._points = self._points[1::2]
                self._interval *= 2
            self._next = seconds + self._interval
        if seconds >= self._window_next:
            self._slide(seconds, total)
            self._window_next = seconds + _WINDOW_STEP

    def _slide(self, seconds: float, total: int) -> None:
        self._window.append((seconds, total))
        while len(self._window) > 1 and seconds - self._window[1][0] >= _WINDOW:
            self._window.pop(0)
        start, before = self._window[0]
        if seconds - start >= _WINDOW:
            rate = megabits(total - before, seconds - start)
            if self.worst_window is None or rate < self.worst_window:
                self.worst_window = rate

    def curve(self, seconds: float, total: int) -> List[Dict[str, Any]]:
        """Return the points, the end included: seconds, bytes so far, and Mbit/s since the point
        before.
        """
        points = list(self._points)
        if not points or points[-1][1] != total or seconds > points[-1][0] + 1.0:
            points.append((seconds, total))
        curve = []
        at, before = 0.0, 0
        for time, count in points:
            curve.append(
                {
                    "seconds": round(time, 2),
                    "bytes": count,
                    "mbit": megabits(count - before, time - at),
                }
            )
            at, before = time, count
        return curve
