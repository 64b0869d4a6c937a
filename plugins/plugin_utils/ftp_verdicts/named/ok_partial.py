# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of the file came down well: as much as was asked for, or all there was without knowing how
much that is.
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    LOW,
    WARN,
    Evidence,
    Verdict,
)

from ..seen import Seen

RANK = 200


def applies(seen: Seen) -> Verdict | None:
    verify = seen.transfer.get("verify") or {}
    if seen.failure or seen.damage or seen.bytes == 0:
        return None
    if seen.end == "max_bytes":
        evidence = (
            Evidence("max_bytes reached", seen.bytes, "data connection"),
            *seen.size_evidence(),
        )
        return Verdict(
            "ok_partial", WARN, HIGH, evidence, "Leave out max_bytes to prove the whole download."
        )
    whole = verify.get("mode") == "sha256" and verify.get("passed")
    if seen.end != "eof" or seen.size is not None or whole:
        return None
    # Without a size nobody can tell a file that was cut and ended politely from a whole one.
    fix = (
        "Set expected_size or checksum: this server tells no size, so a file that was cut short"
        " would look the same."
    )
    return Verdict("ok_partial", WARN, LOW, (*seen.size_evidence(), *seen.final_evidence()), fix)
