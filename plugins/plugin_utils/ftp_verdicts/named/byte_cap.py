# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit on the bytes of a connection cuts the transfer, at any place of the file."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Verdict,
)

from ..seen import Seen, failed

RANK = 74

# A limit is found again within what is in flight: 20.9 and 22 MB were measured at one of 20 MB.
_ALIKE = 0.2
_SHORTEST_TIMER = 5.0


def applies(seen: Seen) -> Verdict | None:
    rest = seen.experiment("after_break")
    if seen.end not in ("reset", "stall") or rest.get("result") not in ("reset", "stall"):
        return None
    # Not at the same place of the file, which is close by where the trial began near its start.
    place = abs(rest["offset"] + rest["bytes"] - seen.bytes)
    if not _alike(rest["bytes"], seen.bytes) or abs(rest["bytes"] - seen.bytes) > place:
        return None
    seconds = seen.transfer["last_byte_seconds"]
    # At the same rate the same bytes take the same time: then a timer would look like this, too.
    # No session timer is shorter than some seconds.
    timer = seconds >= _SHORTEST_TIMER and _alike(rest["last_byte_seconds"], seconds)
    # Where the limit is close to the size, the trial began where the first transfer did.
    anywhere = rest["offset"] > _ALIKE * seen.bytes
    evidence = seen.reset_evidence() if seen.end == "reset" else seen.stall_evidence()
    fix = (
        f"Each connection is cut after about {seen.bytes / 1e6:.0f} MB: raise the limit on bytes,"
        " or on the size of a file, that a firewall, proxy or antivirus on the way has for FTP, or"
        " exempt the server from it."
    )
    if timer:
        fix += f" Or a timer ends each session after {seconds:.0f} s."
    if not anywhere:
        fix += " Or what stands at that place of the file is not let through."
    return failed("byte_cap", HIGH if anywhere and not timer else MEDIUM, evidence, fix)


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= _ALIKE * max(one, other)
