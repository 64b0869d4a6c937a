# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's connection to us does not arrive in active mode (research row 3)."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 29

_REPLIES = (425, 426)


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "data" or seen["wanted_mode"] != "active":
        return None
    if not ((seen.kind == "timeout" and seen.attempts) or seen.reply_code in _REPLIES):
        return None
    passive_works = any(
        attempt["mode"] != "active" and attempt["result"] == "connected"
        for attempt in seen.attempts
    )
    evidence = [*seen.attempt_evidence()]
    if seen.reply_code:
        evidence.append(
            Evidence("reply to RETR", seen.failure["reply"]["text"], "control connection")
        )
    fix = (
        "Assign the FTP connection tracking helper to TCP port 21 on the firewalls on the client's"
        " side, so that the"
        " server's connection from port 20 is accepted as related, or use passive mode"
    )
    fix += ", which works here." if passive_works else "."
    return failed("active_data_blocked", HIGH if passive_works else MEDIUM, evidence, fix)
