# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control connection is made, and then the server stops answering before the file is asked
for.
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    LOW,
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 35

_PHASES = ("greeting", "login", "prepare", "retrieve")
_KINDS = ("timeout", "closed", "reset")


def applies(seen: Seen) -> Verdict | None:
    if seen.kind not in _KINDS:
        return None
    asked_in_vain = seen.phase == "data" and not seen.data_was_tried and bool(seen.attempts)
    if seen.phase not in _PHASES and not asked_in_vain:
        return None
    evidence = (
        Evidence("phase", seen.phase, "ftp_path"),
        Evidence("what happened", seen.failure["text"], "control connection"),
        *seen.connect_evidence(),
    )
    fix = (
        f"{seen.server} accepts the connection and does not answer in phase {seen.phase}: look for"
        " a proxy or an"
        " inspection of FTP on the way and exempt the server from it, then look at the server's"
        " own log."
    )
    if asked_in_vain:
        fix += f" It does not take the mode {seen.attempts[0]['mode']}; try another one."
    return failed("server_no_answer", MEDIUM if seen.phase == "greeting" else LOW, evidence, fix)
