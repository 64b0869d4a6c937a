# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The curve: constant memory, all bytes accounted for, the worst window found."""

from __future__ import annotations

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.sampler import (
    MAX_POINTS,
    Sampler,
)


@pytest.mark.parametrize("seconds", [0.05, 1.0, 11.9, 12.1, 100.0, 3600.0])
def test_at_most_120_points_and_every_byte(seconds: float) -> None:
    sampler = Sampler()
    steps = int(seconds / 0.05)
    for step in range(1, steps + 1):
        sampler.add(step * 0.05, step * 1000)
    curve = sampler.curve(steps * 0.05, steps * 1000)
    assert 1 <= len(curve) <= MAX_POINTS
    assert curve[-1]["bytes"] == steps * 1000
    assert all(point["mbit"] == pytest.approx(0.16, abs=0.02) for point in curve)


def test_the_worst_five_seconds() -> None:
    sampler = Sampler()
    total = 0
    for step in range(1, 400):
        now = step * 0.1
        total += 0 if 20 <= now < 23 else 125000
        sampler.add(now, total)
    # 3 s of silence in 5 s at 10 Mbit/s.
    assert sampler.worst_window == pytest.approx(4.0, abs=0.5)


def test_the_first_second_does_not_count() -> None:
    sampler = Sampler()
    total = 0
    for step in range(1, 100):
        total += 0 if step < 10 else 125000
        sampler.add(step * 0.1, total)
    assert sampler.worst_window == pytest.approx(10.0, abs=0.3)


def test_a_short_transfer_has_no_window() -> None:
    sampler = Sampler()
    for step in range(1, 50):
        sampler.add(step * 0.1, step)
    assert sampler.worst_window is None
