# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passive data connection gets no answer while the control connection lives."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    LOW,
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import OWN_FIREWALL, Seen, answer_was_dropped, failed, never_left

RANK = 51


def applies(seen: Seen) -> Verdict | None:
    # Where the other kind works, the kind is the cause.
    if seen.other_kind():
        return None
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
    again = seen.experiment("once_more")
    evidence = (*seen.attempt_evidence(), *_experiments(seen))
    if again.get("result") == "received":
        fix = (
            "Some data connections get through and some do not: look on the firewalls on the way"
            " for a session table that is full, a limit on connections for each host, or one of"
            " several firewalls or paths that lacks the rule."
        )
        return failed("passive_data_blocked", LOW, evidence, fix)
    alive = all(attempt["control"] == "answered" for attempt in tried)
    confidence = MEDIUM if not alive else HIGH
    fix = (
        "Load the FTP connection tracking helper AND assign it to TCP port 21 on the firewall on"
        " the way, or the server's own (nftables: ct"
        " helper; iptables: the CT target) and accept related connections, or open the server's"
        " passive port range"
        f" there (this time it announced {ports})."
    )
    return failed("passive_data_blocked", confidence, evidence, fix)


def _experiments(seen: Seen) -> list[Evidence]:
    found = []
    neighbour, again = seen.experiment("neighbour"), seen.experiment("once_more")
    if neighbour:
        what = f"port {neighbour['port']}, which was not announced"
        found.append(Evidence(what, neighbour["result"], "experiment"))
    if again:
        value = f"{again['result']} ({again['tries']} more)"
        found.append(Evidence("data connection, other tries", value, "experiment"))
    return found
