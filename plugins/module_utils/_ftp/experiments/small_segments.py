# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do small segments get through where none of full size did?

Then a link on the way has a smaller MTU, and the ICMP errors that would say so are lost (RFC 2923
section 2.1).
"""

from __future__ import annotations

from typing import Any, Dict

from ..trial import RECEIVED, Change, Ground

# What the smallest links of practice carry, and what every host must take (RFC 9293 section 3.7.1).
_SIZES = (1200, 536)
# So little comes while the first segments of full size are lost.
_LITTLE = 64 << 10
_PATIENCE = 5.0


def wanted(seen: Dict[str, Any]) -> bool:
    transfer = seen["transfer"] or {}
    return transfer.get("end") == "stall" and transfer["bytes"] < _LITTLE


def run(ground: Ground, seen: Dict[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for size in _SIZES:
        found = ground.trial(Change(seen["mode"], mss=size, stall_timeout=_PATIENCE))
        if found["result"] == RECEIVED:
            break
    return found
