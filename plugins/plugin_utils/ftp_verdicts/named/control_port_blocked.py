# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing gets through to the control port: dropped, rejected, or not even sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Verdict,
)

from ..seen import Seen, answer_was_dropped, failed, never_left

RANK = 12

_KINDS = ("timeout", "refused", "unreachable", "reset", "local")


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "connect" or seen.kind not in _KINDS:
        return None
    connects = seen["connects"] or ()
    # An address that this host has no way to says nothing about the others.
    ways = [connect for connect in connects if not _no_way(connect)]
    wires = [connect.get("wire") for connect in ways]
    port = seen["port"]
    peer = f"{seen['host']} ({', '.join(connect['address'] for connect in connects)})"
    if connects and not ways:
        fix = f"This host has no route to {peer}: add one, or the default gateway, here."
        sure = HIGH if seen["witnessed"] else MEDIUM
        return failed("control_port_blocked", sure, seen.connect_evidence(), fix)
    if seen.kind == "timeout" and answer_was_dropped(wires):
        fix = (
            f"This host's own firewall drops the answer of {peer}: accept established connections"
            " in its input chain; if it does, look at reverse path filtering (rp_filter) here."
        )
        return failed("control_port_blocked", HIGH, seen.connect_evidence(), fix)
    if seen.kind == "local" or never_left(wires):
        fix = f"This host's own firewall stops it: allow outbound TCP port {port} to {peer} here."
        return failed("control_port_blocked", HIGH, seen.connect_evidence(), fix)
    fix = (
        f"Allow outbound TCP port {port} to {peer} on the firewalls between this host and the"
        " server."
    )
    if seen.kind == "refused":
        # A RST may come from a firewall or from a server on which nothing listens: no second
        # connection to compare.
        fix += " If they allow it, the FTP service is not running on the server."
        return failed("control_port_blocked", MEDIUM, seen.connect_evidence(), fix)
    if seen.kind == "unreachable" and not any(wire and wire.get("icmp") for wire in wires):
        fix += " Check that there is a route to it."
        return failed("control_port_blocked", MEDIUM, seen.connect_evidence(), fix)
    return failed("control_port_blocked", HIGH, seen.connect_evidence(), fix)


def _no_way(connect: Mapping[str, Any]) -> bool:
    """Tell whether the kernel had no route or no address of that family: nothing was sent."""
    wire = connect.get("wire")
    if connect["result"] != "unreachable" or (wire and wire.get("icmp")):
        return False
    return wire["left"] is False if wire else connect["error"] in ("ENETUNREACH", "EADDRNOTAVAIL")
