# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does a transfer break that begins at another byte of the file?

After the same number of bytes means a limit on bytes, after the same time a timer, and at the same
place of the file that what stands there is not let through.
"""

from __future__ import annotations

from typing import Any, Dict

from ..trial import Change, Ground

_BROKEN = ("reset", "stall")
_PATIENCE = 10.0
# A little further than the first transfer came is enough to see the same limit again.
_FURTHER = 1.1
_AT_LEAST = 1 << 20


def wanted(seen: Dict[str, Any]) -> bool:
    transfer = seen["transfer"] or {}
    got, size = transfer.get("bytes", 0), seen["size"]
    return bool(transfer.get("end") in _BROKEN and got and size is not None and got < size)


def run(ground: Ground, seen: Dict[str, Any]) -> Dict[str, Any]:
    got, size = seen["transfer"]["bytes"], seen["size"]
    most = min(size, int(got * _FURTHER) + _AT_LEAST, seen["limits"]["max_bytes"] or size)
    patience = min(_PATIENCE, seen["limits"]["stall_timeout"])
    change = Change(seen["mode"], offset=min(got, size - most), most=most, stall_timeout=patience)
    return {**ground.trial(change), "most": most}
