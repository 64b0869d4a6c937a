# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server turns us away for now: 421 at any time, 450 and 452 on the file (RFC 959)."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 30

_CODES = (421, 450, 452)


def applies(seen: Seen) -> Verdict | None:
    if seen.reply_code not in _CODES or (seen["wanted_mode"] == "active" and seen.phase == "data"):
        return None
    evidence = (
        Evidence(
            f"reply in phase {seen.phase}", seen.failure["reply"]["text"], "control connection"
        ),
    )
    fix = (
        "The path is open as far as this. Try again later, or raise the server's limit of sessions"
        " or its timeout."
    )
    return failed("server_busy", HIGH, evidence, fix)
