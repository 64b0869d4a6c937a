# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a row of the table of verdicts to a verdict."""

from __future__ import annotations

import string
from typing import Any, Mapping, Sequence

from .._model.verdict import HIGH, LOW, MEDIUM, Evidence, Verdict
from .verdicts import (
    BLOCKED_LOCALLY,
    DNS_FAILED,
    ERROR,
    FILTERED,
    NO_ANSWER,
    NO_ROUTE,
    NOT_PROBED,
    OPEN,
    PROXY_REQUIRED,
    REFUSED,
    ROWS,
    TLS_INTERCEPTED,
    WRONG_SERVICE,
)

_LOWER = {HIGH: MEDIUM, MEDIUM: LOW, LOW: LOW}
_ORDER = (
    OPEN,
    PROXY_REQUIRED,
    TLS_INTERCEPTED,
    WRONG_SERVICE,
    REFUSED,
    FILTERED,
    NO_ANSWER,
    BLOCKED_LOCALLY,
    NO_ROUTE,
    DNS_FAILED,
    ERROR,
    NOT_PROBED,
)


def words_of(row: str) -> list[str]:
    """Return the words that the fix of `row` needs."""
    return [name for _text, name, _spec, _conv in string.Formatter().parse(ROWS[row].fix) if name]


def make_verdict(
    row: str,
    evidence: Sequence[Evidence],
    words: Mapping[str, Any],
    witnessed: bool = True,
) -> Verdict:
    """Build the verdict of `row`; `witnessed` says whether the packet socket (root) could be
    used."""
    entry = ROWS[row]
    lowered = entry.needs_witness and not witnessed
    return Verdict(
        name=entry.name,
        status=entry.status,
        confidence=_LOWER[entry.confidence] if lowered else entry.confidence,
        evidence=tuple(evidence),
        fix=entry.fix.format_map(words),
    )


def rank(row: str) -> int:
    """Order rows by how far the probe came, best first: of a name's addresses the best one
    counts."""
    return _ORDER.index(ROWS[row].name)
