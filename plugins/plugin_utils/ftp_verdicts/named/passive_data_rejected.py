# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passive data connection is turned away at once."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    LOW,
    MEDIUM,
    Verdict,
)

from ..seen import OWN_FIREWALL, Seen, failed, never_left

RANK = 50

_KINDS = ("refused", "unreachable", "reset")
_FIX = (
    "Load the FTP connection tracking helper AND assign it to TCP port 21 on the firewall that"
    " rejects (nftables: ct"
    " helper; iptables: the CT target), or open the server's passive port range there."
)


def applies(seen: Seen) -> Verdict | None:
    # Where the other kind works, the kind is the cause.
    if seen.other_kind():
        return None
    if seen.phase != "data" or seen["wanted_mode"] == "active" or seen.kind not in _KINDS:
        return None
    if not seen.data_was_tried:
        return None
    if never_left(attempt["wire"] for attempt in seen.attempts if attempt["port"]):
        return failed("passive_data_rejected", HIGH, seen.attempt_evidence(), OWN_FIREWALL)
    return failed(
        "passive_data_rejected", _confidence(seen), seen.attempt_evidence(), _FIX + _doubt(seen)
    )


def _origin(seen: Seen) -> str:
    """Who turned it away: C(path) by an ICMP error or another TTL than the server's, C(server) by
    the same TTL.
    """
    server_ttl = (seen["control_wire"] or {}).get("accept_ttl")
    for attempt in seen.attempts:
        wire = attempt.get("wire") or {}
        if wire.get("icmp"):
            return "path"
        if wire.get("reset_ttl") is not None and server_ttl is not None:
            return "server" if wire["reset_ttl"] == server_ttl else "path"
    return ""


def _confidence(seen: Seen) -> str:
    return {"path": HIGH, "server": LOW}.get(_origin(seen), MEDIUM)


def _doubt(seen: Seen) -> str:
    if _origin(seen) == "path":
        return ""
    return (
        " Or else nothing listens on the port that the server announced: look at the server's"
        " passive settings."
    )
