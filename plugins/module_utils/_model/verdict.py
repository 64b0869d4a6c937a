# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every proof ends in: a named verdict with confidence, evidence and a fix."""

from __future__ import annotations

import dataclasses
from typing import Any

HIGH = "high"
MEDIUM = "medium"
LOW = "low"

PASS = "pass"
WARN = "warn"
FAIL = "fail"
NONE = "none"  # neither passed nor failed, and counted as such


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One observed fact: `what` was looked at, the `value` seen, and the `source` that showed
    it."""

    what: str
    value: Any
    source: str

    def as_dict(self) -> dict[str, Any]:
        return {"what": self.what, "value": self.value, "source": self.source}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A named result. `fix` is one string that tells an admin what to change; empty when all is
    well."""

    name: str
    status: str
    confidence: str
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.name,
            "status": self.status,
            "confidence": self.confidence,
            "evidence": [item.as_dict() for item in self.evidence],
            "fix": self.fix,
        }
