# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets of real gateways: what their matches, chains, hooks and NAT do to our packets."""

from __future__ import annotations

import pytest
from unit.plugins.module_utils.plan.all_cases import ALL_CASES, check, recorded

DOCUMENT = recorded()


@pytest.mark.parametrize(
    "number",
    range(len(ALL_CASES)),
    ids=[f"{case.packets}: {case.body[-70:]}" for case in ALL_CASES],
)
def test_case(number: int) -> None:
    found, expected = check(number, DOCUMENT)
    assert found == expected
