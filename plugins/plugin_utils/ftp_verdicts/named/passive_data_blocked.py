# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passive data connection gets no answer while the control connection lives."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    LOW,
    MEDIUM,
    Verdict,
)

from ..seen import OWN_FIREWALL, Seen, answer_was_dropped, failed, never_left

RANK = 51


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "data" or seen["wanted_mode"] == "active" or seen.kind != "timeout":
        return None
    tried = [attempt for attempt in seen.attempts if attempt["result"] == "timeout"]
    if not any(attempt["port"] for attempt in tried):
        return None
    ports = ", ".join(str(attempt["port"]) for attempt in tried if attempt["port"])
    wires = [attempt.get("wire") for attempt in tried if attempt["port"]]
    if never_left(wires):
        return failed("passive_data_blocked", HIGH, seen.attempt_evidence(), OWN_FIREWALL)
    if answer_was_dropped(wires):
        fix = (
            "This host's own firewall drops the server's answer on the data connection: accept"
            " established connections in its input chain."
        )
        return failed("passive_data_blocked", HIGH, seen.attempt_evidence(), fix)
    alive = all(attempt["control"] == "answered" for attempt in tried)
    confidence = MEDIUM if not alive else HIGH
    fix = (
        "Load the FTP connection tracking helper AND assign it to TCP port 21 on the firewall on"
        " the way, or the server's own (nftables: ct"
        " helper; iptables: the CT target) and accept related connections, or open the server's"
        " passive port range"
        f" there (this time it announced {ports})."
    )
    return failed(
        "passive_data_blocked", confidence if tried else LOW, seen.attempt_evidence(), fix
    )
