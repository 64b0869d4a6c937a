# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All is right and too slow for the user's own limit."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 110


def applies(seen: Seen) -> Verdict | None:
    if seen.end not in ("eof", "max_bytes") or seen.failure:
        return None
    evidence = []
    worst, rate = seen.transfer.get("worst_window_mbit"), seen.transfer.get("mbit", 0.0)
    least, least_window = seen.limits.get("min_mbit"), seen.limits.get("min_mbit_window")
    if least is not None and rate < least:
        evidence.append(Evidence("rate", f"{rate} Mbit/s, wanted {least:g}", "data connection"))
    # A transfer of less than a window has none: then the whole of it counts.
    slowest = rate if worst is None else worst
    if least_window is not None and slowest < least_window:
        value = f"{slowest} Mbit/s, wanted {least_window:g}"
        evidence.append(Evidence("worst 5 seconds", value, "data connection"))
    if not evidence:
        return None
    fix = (
        "The path is open and slow: compare with the line's nominal rate, look for shaping,"
        " policing or a busy line (samples"
        " show the curve), or lower the limit."
    )
    return failed("below_min_rate", HIGH, (*evidence, *seen.size_evidence()), fix)
