# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All bytes came, and the control connection was forgotten meanwhile."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed, wire_evidence

RANK = 90

# No firewall forgets an established connection sooner.
_SHORTEST_TIMEOUT = 10.0


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "final_reply" or seen.kind not in ("timeout", "reset"):
        return None
    tcp = seen.control.get("tcp") or {}
    lost = tcp.get("unacked", 0) > 0 and (
        tcp.get("retransmits", 0) > 0 or tcp.get("total_retrans", 0) > 0
    )
    idle = seen.transfer["seconds"]
    reset = "reset" in (seen.kind, seen.control.get("noop")) and _by_path(seen, idle)
    if not lost and not reset:
        return None
    evidence = (
        Evidence("idle time of the control connection", f"{idle} s", "data connection"),
        *seen.size_evidence(),
        *seen.final_evidence(),
        *seen.control_evidence(),
        *wire_evidence(seen["control_wire"]),
        *_keepalive(seen),
    )
    fix = (
        f"A firewall {'forgot' if lost else 'reset'} the control connection within the {idle:.0f} s"
        " that the transfer took:"
        " raise its idle timeout for"
        " established TCP connections on port 21 above the longest transfer (1 GiB at 10 Mbit/s"
        " takes 15 minutes), or"
        " assign the FTP helper, which keeps the control connection alive with the data connection"
        " on many firewalls."
    )
    return failed("control_idle_dropped", HIGH if lost else MEDIUM, evidence, fix)


def _keepalive(seen: Seen) -> list[Evidence]:
    tried = seen.experiment("keepalive")
    if not tried:
        return []
    what = f"after {tried.get('seconds', 0):.0f} s idle with keepalive"
    return [Evidence(what, tried["result"], "experiment")]


def _by_path(seen: Seen, idle: float) -> bool:
    """Tell whether a box on the way reset the control connection: by its TTL, or else by the
    time.
    """
    wire = seen["control_wire"] or {}
    accept, reset = wire.get("accept_ttl"), wire.get("reset_ttl")
    if accept is not None and reset is not None:
        return bool(accept != reset)
    return idle >= _SHORTEST_TIMEOUT
