# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All cases: written for nft, read back, and checked.

The unit tests read them as nft 1.0.6 has printed them (recorded/cases.json); a test in
tests/integration_lab has the nft of the machine print them anew and expects the same answers. To
record after a change of a case, as root:
TIMESENSOR_WRITE_GOLDEN=1 .venv/bin/python -m pytest tests/integration_lab/test_nft_cases.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from unit.plugins.module_utils.plan.cases_filter import CHAINS, MATCHES, STAGES
from unit.plugins.module_utils.plan.cases_nat import FORWARDS, SOURCES
from unit.plugins.module_utils.plan.nft_cases import answer, own_rules, warnings

from ansible_collections.legalops.timesensor.plugins.module_utils._plan.ruleset import (
    Ruleset,
    parse_ruleset,
)

RECORDED = Path(__file__).parent / "recorded" / "cases.json"
ALL_CASES = [*MATCHES, *CHAINS, *STAGES, *FORWARDS, *SOURCES]


def as_nft() -> str:
    """Return all cases as one script: a table each, t0, t1, .."""
    return "".join(
        f"table {case.family} t{number} {{\n{case.body}\n}}\n"
        for number, case in enumerate(ALL_CASES)
    )


def recorded() -> dict[str, Any]:
    """Return what nft 1.0.6 has printed for them."""
    document = json.loads(RECORDED.read_text())
    assert isinstance(document, dict)
    return document


def check(number: int, document: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what is found in a case, out of what nft prints for all of them, and what must be."""
    case = ALL_CASES[number]
    found = _ruleset_of(document, f"t{number}")
    if case in MATCHES:
        return answer(found, case.packets), case.expected
    if case in CHAINS or case in STAGES:
        return own_rules(found, case.packets), case.expected
    expected = [text.replace("TABLE", f"t{number}") for text in case.expected]
    return warnings(found, case.packets), expected


def _ruleset_of(document: Mapping[str, Any], table: str) -> Ruleset:
    def belongs(entry: Mapping[str, Any]) -> bool:
        return any(
            value.get("name" if kind == "table" else "table") == table
            for kind, value in entry.items()
        )

    return parse_ruleset({"nftables": [one for one in document["nftables"] if belongs(one)]})
