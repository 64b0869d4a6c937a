# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry of a throughput curve: where the template draws what. Pure, in units of the SVG's
view box."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 14, 40
_PLOT_WIDTH = WIDTH - LEFT - RIGHT
_PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
# One point says no more than the average does.
LEAST_POINTS = 3
# A stall: next to nothing, for so long that a person would notice.
_STALL_SHARE = 0.02
_STALL_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Tick:
    at: float
    value: float
    digits: int


@dataclasses.dataclass(frozen=True)
class Stall:
    """A time without progress, in seconds, and where it is drawn."""

    start: float
    end: float
    x: float
    width: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclasses.dataclass(frozen=True)
class Curve:
    """`line` and `area` are SVG paths; `limit_y` is where the wanted rate `limit` is drawn."""

    line: str
    area: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    stalls: tuple[Stall, ...]
    limit: float | None
    limit_y: float
    seconds: float
    least: float
    most: float

    width, height = WIDTH, HEIGHT
    left, right = LEFT, WIDTH - RIGHT
    top, bottom = TOP, HEIGHT - BOTTOM


def curve_of(transfer: Mapping[str, Any]) -> Curve | None:
    """Return the curve of a transfer of ftp_path, None where its samples make none.

    Each sample is the rate since the one before, so the line is one of steps: nothing is drawn that
    was not measured.
    """
    samples: Sequence[Mapping[str, Any]] = transfer.get("samples") or ()
    end = float(samples[-1]["seconds"]) if samples else 0.0
    if len(samples) < LEAST_POINTS or end <= 0:
        return None
    limits = transfer.get("limits") or {}
    limit = limits.get("min_mbit") or limits.get("min_mbit_window")
    rates = [float(sample["mbit"]) for sample in samples]
    y_ticks, top = _ticks(max([*rates, limit or 0.0]), 4)
    x_ticks, _last = _ticks(end, 6)

    def x(seconds: float) -> float:
        return round(LEFT + _PLOT_WIDTH * seconds / end, 1)

    def y(rate: float) -> float:
        return round(TOP + _PLOT_HEIGHT * (1 - rate / top), 1)

    steps = [f"M{x(0)} {y(rates[0])}"]
    for sample, rate in zip(samples, rates, strict=True):
        steps.append(f"V{y(rate)}H{x(float(sample['seconds']))}")
    line = "".join(steps)
    return Curve(
        line=line,
        area=f"{line}V{y(0)}H{x(0)}Z",
        x_ticks=tuple(Tick(x(value), value, digits) for value, digits in x_ticks if value <= end),
        y_ticks=tuple(Tick(y(value), value, digits) for value, digits in y_ticks),
        stalls=tuple(
            Stall(start, stop, x(start), round(x(stop) - x(start), 1))
            for start, stop in stalls(samples)
        ),
        limit=limit,
        limit_y=y(limit or 0.0),
        seconds=end,
        least=min(rates),
        most=max(rates),
    )


def stalls(samples: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Return start and end, in seconds, of every time without progress."""
    busy = sorted(float(sample["mbit"]) for sample in samples if sample["mbit"] > 0)
    if not busy:
        return []
    little = busy[len(busy) // 2] * _STALL_SHARE
    found: list[tuple[float, float]] = []
    before = 0.0
    for sample in samples:
        seconds = float(sample["seconds"])
        if sample["mbit"] <= little:
            if found and found[-1][1] == before:
                found[-1] = (found[-1][0], seconds)
            else:
                found.append((before, seconds))
        before = seconds
    return [(start, end) for start, end in found if end - start >= _STALL_SECONDS]


def _ticks(most: float, count: int) -> tuple[list[tuple[float, int]], float]:
    """Return about `count` round values from 0, each with its decimal digits, and the value at the
    end of the axis."""
    raw = max(most, 1e-3) / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    number = math.ceil(most / step - 1e-9) or 1
    values = [(round(step * index, digits), digits) for index in range(number + 1)]
    return values, step * number
