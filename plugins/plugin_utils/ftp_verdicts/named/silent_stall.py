# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes stop, and nobody says anything."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Verdict,
)

from ..seen import Seen, failed

RANK = 75


def applies(seen: Seen) -> Verdict | None:
    if seen.end != "stall":
        return None
    evidence = seen.stall_evidence()
    alive = seen.control.get("noop") == "answered"
    tcp = seen.control.get("tcp") or {}
    acknowledged = alive or tcp.get("unacked") == 0
    if seen.size is not None and seen.bytes >= seen.size:
        fix = (
            "All bytes came, only the end of the data connection did not: look on the firewalls"
            " for a session table that forgets connections early or drops FIN, then at the"
            " server, which may keep the connection open."
        )
        acknowledged = False
    elif seen.bytes == 0 and acknowledged:
        fix = (
            "The data connection stands and carries nothing: full-sized packets may get lost where"
            " small ones pass, so permit ICMP type 3 code 4 (ICMPv6 type 2) on the firewalls, or"
            " clamp the MSS there (nftables: tcp option maxseg size set rt mtu); or else a proxy"
            " or antivirus holds the file back: exempt the server from it."
        )
    elif acknowledged:
        fix = (
            "Only the data connection was lost, the path and the control connection live: look on"
            " the firewalls for a quota"
            " or byte limit per connection, a session table that forgot the flow (HA failover,"
            " timeout), or traffic"
            " inspection that holds the rest."
        )
    else:
        fix = (
            "Both connections went silent: look for a path that broke during the transfer (route"
            " change, asymmetric route,"
            " HA failover, link) and for firewalls whose session table lost both."
        )
    return failed("silent_stall", HIGH if acknowledged else MEDIUM, evidence, fix)
