# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server refuses a command for which no other verdict has a name."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 95


def applies(seen: Seen) -> Verdict | None:
    if seen.kind != "reply":
        return None
    evidence = (
        Evidence("phase", seen.phase, "ftp_path"),
        Evidence("reply", seen.failure["text"], "control connection"),
        *seen.attempt_evidence(),
    )
    fix = (
        f"The server refuses with {seen.failure['reply']['text']!r}: change that on the server, or"
        " the option it is about."
    )
    return failed("server_refused", HIGH, evidence, fix)
