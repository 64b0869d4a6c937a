# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server has no such file, or does not let us read it."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 32

_CODES = (550, 553)


def applies(seen: Seen) -> Verdict | None:
    if seen.phase not in ("data", "retrieve") or seen.reply_code not in _CODES:
        return None
    evidence = (
        Evidence("path", seen["path"], "option"),
        Evidence("reply to RETR", seen.failure["reply"]["text"], "control connection"),
    )
    fix = f"Correct the path {seen['path']}, or make the file readable for this user on the server."
    return failed("server_not_found", HIGH, evidence, fix)
