# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A box on the way resets the data connection."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    Verdict,
)

from ..seen import Seen, failed

RANK = 76


def applies(seen: Seen) -> Verdict | None:
    if seen.end != "reset":
        return None
    origin, confidence = seen.reset_origin()
    if origin != "path":
        return None
    fix = (
        f"A box on the way reset the transfer after {seen.bytes} bytes and"
        f" {seen.transfer['seconds']} s: look on the"
        " firewalls for an IPS signature, a session timer, or a byte limit, and exempt the server."
    )
    return failed("reset_by_path", confidence, seen.reset_evidence(), fix)
