# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a throughput curve says: held at a rate, cut to a rate, or held back."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.curve import (
    rates,
    share_of_last_quarter,
    step_down,
    variation,
)


def curve(*mbit: float, interval: float = 0.5) -> list[dict[str, Any]]:
    """Return samples with these rates, one each `interval` seconds."""
    samples, total = [], 0
    for number, rate in enumerate(mbit, 1):
        total += int(rate * 1e6 / 8 * interval)
        samples.append({"seconds": number * interval, "bytes": total, "mbit": rate})
    return samples


# As measured in a lab: a token bucket of 20 Mbit/s, and a
# policer of 1 MB/s behind a burst of 30 MB.
SHAPED = curve(24.0, 20.1, *(19.0, 19.4, 18.8, 19.2, 19.1) * 4)
POLICED = curve(498.0, 460.0, *(12.0, 5.1, 8.3, 10.9, 6.2) * 4)
HELD = curve(*(0.0,) * 13, 455.0, 478.0)


def test_a_shaper_is_steady_and_a_policer_is_not() -> None:
    steady, jagged = variation(SHAPED), variation(POLICED)
    assert steady is not None
    assert jagged is not None
    assert steady < 0.03
    assert jagged > 0.25
    down, level = step_down(POLICED), step_down(SHAPED)
    assert down is not None
    assert level is not None
    assert down > 50
    assert level < 1.5


def test_the_first_second_and_the_cut_interval_do_not_count() -> None:
    assert rates(curve(500.0, 400.0, 20.0, 21.0, 3.0)) == [20.0, 21.0]


@pytest.mark.parametrize("samples", [[], curve(20.0), curve(*(20.0,) * 8)])
def test_a_short_transfer_says_nothing(samples: list[dict[str, Any]]) -> None:
    assert variation(samples) is None
    assert step_down(samples) is None


def test_nothing_moved_is_no_rate() -> None:
    assert variation(curve(*(0.0,) * 20)) is None
    assert step_down(curve(*(0.0,) * 20)) is None
    assert share_of_last_quarter(curve(0.0, 0.0)) == 0.0
    assert share_of_last_quarter([]) == 0.0


def test_what_comes_at_the_end() -> None:
    assert share_of_last_quarter(HELD) == 1.0
    assert 0.2 < share_of_last_quarter(SHAPED) < 0.3
