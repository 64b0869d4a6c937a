# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole file came down, every byte of it as it should be where that could be checked."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    PASS,
    Evidence,
    Verdict,
)

from ..seen import Seen

RANK = 210


def applies(seen: Seen) -> Verdict | None:
    if not seen.arrived:
        return None
    verify = seen.transfer.get("verify") or {}
    verified = verify.get("passed") is True
    checked = Evidence("verification", verify.get("mode", "none"), "ftp_path")
    evidence = (*seen.size_evidence(), checked, *seen.final_evidence(), *seen.control_evidence())
    return Verdict("ok", PASS, HIGH if verified else MEDIUM, evidence)
