# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server resets the data connection."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    Verdict,
)

from ..seen import Seen, failed

RANK = 77


def applies(seen: Seen) -> Verdict | None:
    if seen.end != "reset":
        return None
    origin, confidence = seen.reset_origin()
    if origin != "peer":
        return None
    fix = (
        f"The server ended the transfer after {seen.bytes} bytes: look at its log for a crash, a"
        " limit or a timeout. A box"
        " on the way that forges resets perfectly looks the same."
    )
    return failed("reset_by_peer", confidence, seen.reset_evidence(), fix)
