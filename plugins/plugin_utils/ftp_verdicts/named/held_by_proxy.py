# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy or antivirus on the way holds the file back until it has all of it."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    WARN,
    Evidence,
    Verdict,
)

from ..curve import share_of_last_quarter
from ..seen import Seen, failed

RANK = 68

_BURST = 0.9
_LATE_MS = 3000.0
_LITTLE = 0.01

_FIX = (
    "An antivirus or proxy on the way takes the whole file before it lets it through, which larger"
    " files and other clients will not survive: exempt the server, raise the size up to which files"
    " are scanned, or have it scan in flow mode."
)


def applies(seen: Seen) -> Verdict | None:
    size = seen.size
    if not size or not seen.transfer:
        return None
    early = seen.transfer.get("bytes_at_reply")
    said = (seen["final"] or {}).get("code", 0) // 100 == 2
    told = Evidence("bytes here when the server had said that all were sent", early, "select")
    evidence = (
        *((told,) if early is not None else ()),
        Evidence("first byte after", f"{seen.transfer.get('ttfb_ms')} ms", "data connection"),
        *seen.size_evidence(),
        *seen.final_evidence(),
    )
    if seen.end == "stall" and said and seen.bytes < size * _LITTLE:
        return failed("held_by_proxy", HIGH, evidence, _FIX)
    late = (seen.transfer.get("ttfb_ms") or 0.0) >= _LATE_MS
    trickle = early is not None and early < size * _LITTLE
    burst = share_of_last_quarter(seen.samples) >= _BURST
    # What the server has sent may be on the way for a moment: that is no proof without the curve.
    if not seen.arrived or not burst or seen.transfer["seconds"] < 2.0 or not (late or trickle):
        return None
    return Verdict("held_by_proxy", WARN, HIGH if trickle else MEDIUM, evidence, _FIX)
