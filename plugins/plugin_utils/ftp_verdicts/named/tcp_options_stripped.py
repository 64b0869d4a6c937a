# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Window scaling did not survive the handshake (RFC 7323): at most 64 KiB are on the way."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    MEDIUM,
    WARN,
    Evidence,
    Verdict,
)

from ..seen import Seen

RANK = 204

_WINDOW = 65535


def applies(seen: Seen) -> Verdict | None:
    tcp = seen["tcp"] or {}
    if not seen.arrived or tcp.get("wscale") is not False or not tcp.get("wscale_wanted"):
        return None
    fix = (
        "A firewall (TCP normaliser, SYN proxy) takes the option window scaling out of connections,"
        f" or the server does not have it: then nothing is faster than {_WINDOW * 8 / 100e3:.1f}"
        " Mbit/s over a line of 100 ms. Turn that normalisation off for the server."
    )
    evidence = (
        Evidence("window scaling", "absent, and this host asks for it", "TCP_INFO"),
        Evidence("selective acknowledgements", tcp.get("sack"), "TCP_INFO"),
        Evidence("timestamps", tcp.get("timestamps"), "TCP_INFO"),
        *seen.size_evidence(),
    )
    return Verdict("tcp_options_stripped", WARN, MEDIUM, evidence, fix)
