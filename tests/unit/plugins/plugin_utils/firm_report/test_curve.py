# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry of a throughput curve."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.curve import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    curve_of,
    stalls,
)


def transfer(*points: tuple[float, float], limit: float | None = None) -> dict[str, Any]:
    samples = [{"seconds": seconds, "mbit": mbit, "bytes": 0} for seconds, mbit in points]
    return {"samples": samples, "limits": {"min_mbit": limit, "min_mbit_window": None}}


def test_the_line_is_made_of_the_steps_that_were_measured() -> None:
    curve = curve_of(transfer((1.0, 50.0), (2.0, 100.0), (4.0, 0.0)))
    assert curve is not None
    height, width = HEIGHT - TOP - BOTTOM, WIDTH - LEFT - RIGHT
    half, quarter = TOP + height / 2, LEFT + width / 4
    assert curve.line == (
        f"M{LEFT:.1f} {half}V{half}H{quarter}V{TOP:.1f}H{LEFT + width / 2}"
        f"V{HEIGHT - BOTTOM:.1f}H{WIDTH - RIGHT:.1f}"
    )
    assert curve.area == f"{curve.line}V{HEIGHT - BOTTOM:.1f}H{LEFT:.1f}Z"
    assert [tick.value for tick in curve.y_ticks] == [0, 50, 100]
    assert [tick.value for tick in curve.x_ticks] == [0, 1, 2, 3, 4]
    assert [(stall.start, stall.end, stall.seconds) for stall in curve.stalls] == [(2.0, 4.0, 2.0)]


def test_the_wanted_rate_is_in_the_picture_also_above_the_line() -> None:
    curve = curve_of(transfer((1.0, 10.0), (2.0, 10.0), (3.0, 10.0), limit=90.0))
    assert curve is not None
    assert (curve.limit, curve.y_ticks[-1].value) == (90.0, 100)
    assert TOP < curve.limit_y < HEIGHT - BOTTOM


@pytest.mark.parametrize("points", [[], [(1.0, 5.0)], [(1.0, 5.0), (2.0, 5.0)], [(0.0, 0.0)] * 3])
def test_too_few_points_make_no_curve(points: list[tuple[float, float]]) -> None:
    assert curve_of(transfer(*points)) is None
    assert curve_of({"verdict": "not_probed"}) is None


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # Next to nothing is no progress; pieces of one stall are one.
        ([(1, 90), (2, 0.5), (3, 0), (4, 90)], [(1.0, 3.0)]),
        # Half a second is none that a person would notice.
        ([(1, 90), (1.5, 0), (2, 90)], []),
        ([(1, 0), (2, 90), (3, 0)], [(0.0, 1.0), (2.0, 3.0)]),
        # Nothing ever came: that is no stall of something.
        ([(1, 0), (2, 0), (3, 0)], []),
        # Slow is not stalled.
        ([(1, 90), (2, 9), (3, 90)], []),
    ],
)
def test_stalls(points: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert stalls(transfer(*points)["samples"]) == expected


@given(
    st.lists(
        st.tuples(st.floats(0.001, 1e4, allow_nan=False), st.floats(0, 1e6, allow_nan=False)),
        min_size=3,
        max_size=121,
    ),
    st.one_of(st.none(), st.floats(0.01, 1e6)),
)
def test_everything_is_drawn_inside_the_frame(
    steps: list[tuple[float, float]], limit: float | None
) -> None:
    points, seconds = [], 0.0
    for step, mbit in steps:
        seconds += step
        points.append((seconds, mbit))
    curve = curve_of(transfer(*points, limit=limit))
    assert curve is not None
    for command, value in re.findall(r"([HV])([-\d.e+]+)", curve.line):
        low, high = (LEFT, WIDTH - RIGHT) if command == "H" else (TOP, HEIGHT - BOTTOM)
        assert low <= float(value) <= high
    assert TOP <= curve.limit_y <= HEIGHT - BOTTOM
    assert 2 <= len(curve.y_ticks) <= 6
    assert len({tick.value for tick in curve.x_ticks}) == len(curve.x_ticks) <= 8
