# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does TCP keepalive keep the control connection known, where it was lost while the data came?"""

from __future__ import annotations

from typing import Any, Dict

from ..trial import Ground

# Longer than that nobody waits for an explanation.
_LONGEST = 120.0


def wanted(seen: Dict[str, Any]) -> bool:
    failure, transfer = seen["failure"] or {}, seen["transfer"] or {}
    lost = seen["phase"] == "final_reply" and failure.get("kind") in ("timeout", "reset")
    return bool(lost and 1.0 <= transfer["seconds"] <= _LONGEST)


def run(ground: Ground, seen: Dict[str, Any]) -> Dict[str, Any]:
    seconds = seen["transfer"]["seconds"] + 1.0
    every = max(1, int(seconds / 4))
    return {"result": ground.idle(seconds, every), "text": "", "seconds": seconds, "every": every}
