# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the same data connection work at another try?

A session table that is full, or a limit per host, lets some connections through.
"""

from __future__ import annotations

from typing import Any, Dict

from ..broken import TIMEOUT
from ..data import ACTIVE
from ..trial import RECEIVED, Change, Ground

_TRIES = 2
# A SYN and two more (tcp(7), one and three seconds later).
_PATIENCE = 4.0


def wanted(seen: Dict[str, Any]) -> bool:
    failure = seen["failure"] or {}
    silent = failure.get("kind") == TIMEOUT and any(item.port for item in seen["attempts"])
    return bool(seen["phase"] == "data" and seen["wanted_mode"] != ACTIVE and silent)


def run(ground: Ground, seen: Dict[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    change = Change(seen["attempts"][0].mode, connect_timeout=_PATIENCE)
    for number in range(1, _TRIES + 1):
        found = {**ground.trial(change), "tries": number}
        if found["result"] == RECEIVED:
            break
    return found
