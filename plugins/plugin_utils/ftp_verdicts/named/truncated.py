# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data connection ended cleanly and too early: wget and ftplib call this a
success.
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Verdict,
)

from ..seen import Seen, failed

RANK = 72


def applies(seen: Seen) -> Verdict | None:
    if seen.end != "eof" or seen.size is None or seen.bytes >= seen.size:
        return None
    # A pattern that is wrong before the end is damage of another kind; a digest of a part says
    # nothing.
    if seen.damage.get("offset") is not None:
        return None
    fix = (
        f"Something on the way, or the server, ends the file after {seen.bytes} of {seen.size}"
        " bytes: raise the size limit"
        " of the antivirus or proxy that handles FTP (its oversize action), or exempt the server"
        " from it."
    )
    evidence = (*seen.size_evidence(), *seen.final_evidence(), *seen.control_evidence())
    return failed("truncated", HIGH, evidence, fix)
