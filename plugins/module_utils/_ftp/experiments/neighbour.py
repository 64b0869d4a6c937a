# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is only the announced port silent, or are its neighbours, too?

A firewall that follows FTP opens the announced port alone; one that opens a range, or nothing,
treats its neighbour alike.
"""

from __future__ import annotations

from typing import Any, Dict

from ..broken import TIMEOUT, Broken
from ..data import ACTIVE
from ..trial import Ground

_PATIENCE = 3.0


def wanted(seen: Dict[str, Any]) -> bool:
    return seen["phase"] == "data" and _silent_port(seen) != 0


def _silent_port(seen: Dict[str, Any]) -> int:
    for attempt in seen["attempts"]:
        if attempt.mode != ACTIVE and attempt.port and attempt.result == TIMEOUT:
            return int(attempt.port)
    return 0


def run(ground: Ground, seen: Dict[str, Any]) -> Dict[str, Any]:
    port = _silent_port(seen)
    other = port + 1 if port < 65535 else port - 1
    try:
        sock, _watch = ground.connect(other, _PATIENCE)
    except Broken as broken:
        return {"result": broken.kind, "text": broken.text, "port": other}
    sock.close()
    return {"result": "connected", "text": "", "port": other}
