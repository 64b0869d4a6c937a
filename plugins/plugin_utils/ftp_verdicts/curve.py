# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The throughput curve of a transfer, as verdicts read it: how steady it is, and where the bytes
came.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

# Slow start is no fault of the path.
_WARM_UP = 1.0
_FEWEST = 10

Samples = Sequence[Mapping[str, Any]]


def rates(samples: Samples) -> list[float]:
    """Return Mbit/s of each interval behind the first second, the last one, which is cut, left
    out.
    """
    return [float(item["mbit"]) for item in samples[:-1] if item["seconds"] > _WARM_UP]


def variation(samples: Samples) -> float | None:
    """Return the coefficient of variation of the rate, None for too short a transfer."""
    found = rates(samples)
    mean = statistics.fmean(found) if len(found) >= _FEWEST else 0.0
    return statistics.pstdev(found) / mean if mean else None


def step_down(samples: Samples) -> float | None:
    """Return how many times the best rate of the first fifth was that of the rest (its median),
    None for too short a transfer.
    """
    found = [float(item["mbit"]) for item in samples[:-1]]
    if len(found) < _FEWEST:
        return None
    fifth = max(1, len(found) // 5)
    later = statistics.median(found[fifth:])
    return max(found[:fifth]) / later if later else None


def share_of_last_quarter(samples: Samples) -> float:
    """Return which part of the bytes came in the last quarter of the time."""
    if not samples:
        return 0.0
    end = samples[-1]
    before = 0
    for item in samples:
        if item["seconds"] > 0.75 * end["seconds"]:
            break
        before = item["bytes"]
    return 1.0 - before / end["bytes"] if end["bytes"] else 0.0
