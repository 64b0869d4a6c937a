# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Something on the way rewrites line ends, as in an ASCII transfer."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 70

# Random bytes hold one LF in 256, which is a growth of 0.39 %; text holds one in some 40 to 80.
_GROWTH = (0.001, 0.04)
_FIX = (
    "Make whatever handles FTP on the way (proxy, ALG, antivirus) pass binary transfers unchanged,"
    " or exempt the server;"
    " the server confirmed TYPE I."
)


def applies(seen: Seen) -> Verdict | None:
    if seen.damage.get("kind") == "cr_inserted":
        where = Evidence(
            "first damage", f"offset {seen.damage['offset']}: {seen.damage['detail']}", "pattern"
        )
        return failed("ascii_rewritten", HIGH, (where, *seen.size_evidence()), _FIX)
    if seen.damage.get("offset") is not None or not seen.size or seen.end != "eof":
        return None
    if _GROWTH[0] <= (seen.bytes - seen.size) / seen.size <= _GROWTH[1]:
        return failed("ascii_rewritten", MEDIUM, seen.size_evidence(), _FIX)
    return None
