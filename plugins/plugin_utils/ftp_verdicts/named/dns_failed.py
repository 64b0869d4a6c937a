# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name has no address."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 10


def applies(seen: Seen) -> Verdict | None:
    if seen.kind != "dns":
        return None
    evidence = (
        Evidence("name", seen["host"], "option"),
        Evidence("answer", seen.failure["text"], "resolver"),
    )
    fix = (
        f"Make {seen['host']} resolve on this host: allow UDP and TCP port 53 to its resolver, or"
        " correct the name."
    )
    return failed("dns_failed", HIGH, evidence, fix)
