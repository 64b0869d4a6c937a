# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes arrive that are not those of the file: no client notices without a
checksum.
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 73

_FIX = (
    "Find the box that changes the content: take proxies, antivirus and FTP inspection out of the"
    " way one by one and"
    " compare; if none does, suspect a faulty switch, network card or RAM. Check the file on the"
    " server itself, too."
)


def applies(seen: Seen) -> Verdict | None:
    if seen.damage:
        offset = seen.damage.get("offset")
        where = (
            seen.damage["detail"] if offset is None else f"offset {offset}: {seen.damage['detail']}"
        )
        kind = Evidence("kind of damage", seen.damage["kind"], "verification")
        evidence = (kind, Evidence("first damage", where, "verification"), *seen.size_evidence())
        return failed("corrupted", HIGH, evidence, _FIX)
    if seen.size is not None and seen.bytes > seen.size:
        return failed("corrupted", HIGH, seen.size_evidence(), _FIX)
    return None
