# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reply to PASV names an address behind the address translation (RFC 1918): nothing on the way
rewrites it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    WARN,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 48

_FIX = (
    "The server names an address of its own network: have it announce the public one (vsftpd:"
    " pasv_address, ProFTPD: MasqueradeAddress, FileZilla and IIS: external IP address) and forward"
    " its passive port range, or let the gateway before it follow FTP; clients that use EPSV do not"
    " look at the address."
)


def applies(seen: Seen) -> Verdict | None:
    named = [item for item in seen.attempts if item["mode"] == "pasv" and _is_leaked(item, seen)]
    if not named:
        return None
    evidence = (
        Evidence("address in the 227 reply", named[0]["advertised_host"], "PASV"),
        Evidence("address of the control connection", seen["address"], "connect"),
        *seen.attempt_evidence(),
    )
    if seen.arrived and seen["mode"] == "pasv":
        return Verdict("pasv_private_address", WARN, HIGH, evidence, _FIX)
    if seen.phase == "data" and all(item["result"] != "connected" for item in seen.attempts):
        return failed("pasv_private_address", MEDIUM, evidence, _FIX)
    return None


def _is_leaked(attempt: Mapping[str, Any], seen: Seen) -> bool:
    host = attempt["advertised_host"]
    if not host or host in ("0.0.0.0", seen["address"]):
        return False
    return ipaddress.ip_address(host).is_private
