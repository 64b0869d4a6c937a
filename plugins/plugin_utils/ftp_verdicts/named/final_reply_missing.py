# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All bytes came and the control connection carries packets, but nobody says that the transfer is
complete.
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 91


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "final_reply" or seen.kind not in ("timeout", "closed", "reset"):
        return None
    evidence = (
        Evidence("instead of the final reply", seen.failure["text"], "control connection"),
        *seen.size_evidence(),
        *seen.control_evidence(),
    )
    fix = (
        "The server, or a proxy on the way that answers in its place, ends the transfer without"
        " its 226: look at the server's"
        " log, take FTP proxies and inspection out of the way, or raise reply_timeout."
    )
    return failed("final_reply_missing", MEDIUM, evidence, fix)
