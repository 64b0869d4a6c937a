# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Too slow for the user's limit, because something drops what comes faster than its own."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    MEDIUM,
    Evidence,
    Verdict,
)

from ..curve import step_down, variation
from ..seen import Seen, failed

RANK = 108

# Measured at a policer of 1 MB/s behind a burst: 498 Mbit/s, then 5 to 12 (0.19), and 1,013 packets
# out of order; a shaper drops nothing and has neither.
_STEP = 3.0
_JAGGED = 0.1
_OUT_OF_ORDER = 20


def applies(seen: Seen) -> Verdict | None:
    slow, moves, step = seen.rate_evidence(), variation(seen.samples), step_down(seen.samples)
    out_of_order = (seen["tcp"] or {}).get("rcv_ooopack", 0)
    if not slow or moves is None or step is None:
        return None
    if step < _STEP or moves < _JAGGED or out_of_order < _OUT_OF_ORDER:
        return None
    fix = (
        "After a burst the rate falls and stays jagged, with losses: a policer on the way drops"
        " what is above its rate; raise its rate or its burst, or have it shape instead of drop."
    )
    evidence = (
        *slow,
        Evidence("best rate at the start, against the rest", f"{step:.1f} times", "samples"),
        Evidence("packets out of order", out_of_order, "TCP_INFO"),
        *seen.size_evidence(),
    )
    return failed("throttled_policed", MEDIUM, evidence, fix)
