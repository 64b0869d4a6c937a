# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of full size get lost, and so do the ICMP errors that would have them made smaller."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 71


def applies(seen: Seen) -> Verdict | None:
    small = seen.experiment("small_segments")
    if seen.end != "stall" or small.get("result") != "received":
        return None
    tcp = seen["tcp"] or {}
    evidence = (
        Evidence("with segments of full size", f"{seen.bytes} bytes, then silence", "transfer"),
        Evidence(f"with segments of {small['mss']} bytes", f"{small['bytes']} bytes", "experiment"),
        Evidence("segment size of this host", tcp.get("advmss"), "TCP_INFO"),
        *seen.control_evidence(),
    )
    fix = (
        "A link on the way carries smaller packets only, and the errors that say so are dropped:"
        " permit ICMP type 3 code 4 (IPv6: ICMPv6 type 2) on the firewalls of both sides, or clamp"
        " the MSS there (nftables: tcp option maxseg size set rt mtu)."
    )
    return failed("pmtu_blackhole", HIGH, evidence, fix)
