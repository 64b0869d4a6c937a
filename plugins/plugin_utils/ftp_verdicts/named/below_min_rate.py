# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All is right and too slow for the user's own limit."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Verdict,
)

from ..seen import Seen, failed

RANK = 110


def applies(seen: Seen) -> Verdict | None:
    evidence = seen.rate_evidence()
    if not evidence:
        return None
    fix = (
        "The path is open and slow: compare with the line's nominal rate, look for shaping,"
        " policing or a busy line (samples"
        " show the curve), or lower the limit."
    )
    return failed("below_min_rate", HIGH, (*evidence, *seen.size_evidence()), fix)
