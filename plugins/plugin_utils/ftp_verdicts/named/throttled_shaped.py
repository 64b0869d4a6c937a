# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Too slow for the user's limit, at a rate that hardly moves: something holds it there."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    MEDIUM,
    Evidence,
    Verdict,
)

from ..curve import rates, variation
from ..seen import Seen, failed

RANK = 109

# Measured: 0.024 at a token bucket of 20 Mbit/s, 0.19 at a policer.
_STEADY = 0.08


def applies(seen: Seen) -> Verdict | None:
    slow, moves = seen.rate_evidence(), variation(seen.samples)
    if not slow or moves is None or moves > _STEADY:
        return None
    found = sorted(rates(seen.samples))
    middle = found[len(found) // 2]
    steady = f"{found[0]:g} to {found[-1]:g} Mbit/s, coefficient of variation {moves:.3f}"
    fix = (
        f"The rate stands at {middle:.0f} Mbit/s: that is what the line is sold with, or a traffic"
        " shaper (QoS class) on a router or firewall, or the server's own limit for each client;"
        " raise that, or lower the limit that was wanted."
    )
    evidence = (*slow, Evidence("rate over the time", steady, "samples"), *seen.size_evidence())
    return failed("throttled_shaped", MEDIUM, evidence, fix)
