# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server has an IPv6 address that is not reached, and an IPv4 address that is."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    WARN,
    Verdict,
)

from ..seen import Seen

RANK = 203


def applies(seen: Seen) -> Verdict | None:
    if not seen.arrived or seen["family"] != "ipv4":
        return None
    # Without any way to IPv6, as in many networks, clients do not try it.
    failed_ones = [
        item
        for item in seen["connects"] or ()
        if ":" in item["address"] and item["result"] in ("timeout", "refused", "reset")
    ]
    if not failed_ones:
        return None
    fix = (
        f"Open TCP port {seen['port']} and the data connections of FTP for IPv6, too (nftables:"
        " table inet; many firewalls have rules of their own for it), or take the server's AAAA"
        " record away: clients try that address first and wait."
    )
    evidence = (*seen.connect_evidence(), *seen.size_evidence())
    return Verdict("ipv6_blocked", WARN, HIGH, evidence, fix)
