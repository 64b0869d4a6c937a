# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole run took longer than the user allows."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 85


def applies(seen: Seen) -> Verdict | None:
    if seen.kind != "deadline" and seen.end != "deadline":
        return None
    evidence = (
        Evidence("deadline", f"{seen.limits.get('deadline')} s", "option"),
        Evidence("phase", seen.phase, "ftp_path"),
        *seen.size_evidence(),
        Evidence("rate", f"{seen.transfer.get('mbit', 0.0)} Mbit/s", "data connection"),
    )
    fix = (
        "Raise the deadline, or find out why it is slow: samples show the rate over time,"
        " phases_ms where time went."
    )
    return failed("deadline_exceeded", HIGH, evidence, fix)
