# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All bytes came, and the server still says that the transfer failed."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Verdict,
)

from ..seen import Seen, failed

RANK = 92


def applies(seen: Seen) -> Verdict | None:
    code = (seen["final"] or {}).get("code", 0)
    if seen.end != "eof" or code < 400:
        return None
    fix = (
        "Look at the server's log: it could not read the file, or lost its own side of the"
        " connection to a proxy."
    )
    return failed("server_aborted", HIGH, (*seen.final_evidence(), *seen.size_evidence()), fix)
