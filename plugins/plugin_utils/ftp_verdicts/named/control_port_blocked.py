# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing gets through to the control port: dropped, rejected, or not even sent (research row
0).
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Verdict,
)

from ..seen import Seen, failed

RANK = 12

_KINDS = ("timeout", "refused", "unreachable", "reset", "local")


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "connect" or seen.kind not in _KINDS:
        return None
    connects = seen["connects"] or ()
    wires = [connect.get("wire") or {} for connect in connects]
    port = seen["port"]
    peer = f"{seen['host']} ({', '.join(connect['address'] for connect in connects)})"
    if seen.kind == "local" or (wires and all(wire.get("left") is False for wire in wires)):
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
    if seen.kind == "unreachable" and not any(wire.get("icmp") for wire in wires):
        fix += " Check that this host has a route there."
        return failed("control_port_blocked", MEDIUM, seen.connect_evidence(), fix)
    return failed("control_port_blocked", HIGH, seen.connect_evidence(), fix)
