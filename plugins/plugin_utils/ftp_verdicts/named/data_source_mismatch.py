# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server sees the data connection come from another address than the control connection."""

from __future__ import annotations

import re

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 47

# vsftpd says "425 Security: Bad IP connecting."; the others have words of their own.
_WORDS = re.compile(r"bad ip|security|foreign|same (?:ip|address)|does not match", re.IGNORECASE)


def applies(seen: Seen) -> Verdict | None:
    connected = any(item["result"] == "connected" for item in seen.attempts)
    if seen.phase != "retrieve" or seen.reply_code != 425 or not connected:
        return None
    text = str(seen.failure["reply"]["text"])
    if not _WORDS.search(text):
        return None
    evidence = (*seen.attempt_evidence(), Evidence("reply to RETR", text, "control connection"))
    fix = (
        "The data connection arrives at the server from another address than the control"
        " connection: have the gateway translate all connections of a client to one address (NAT"
        " pool, two uplinks, a proxy for one of them), or allow it on the server (vsftpd:"
        " pasv_promiscuous=YES), at the price of its protection against stolen connections."
    )
    return failed("data_source_mismatch", HIGH, evidence, fix)
