# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of Ansible's own messages about the input stand beside ours."""

from __future__ import annotations

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._spec_messages import (
    spec_problems,
)

ITEM = "Elements value for option 'flows' is of type int and we were unable to convert to dict"
NAMELESS = "dictionary requested, could not parse JSON or key=value"
CHOICE = "value of enforcement must be one of: host, gateway, got: bridge"


@pytest.mark.parametrize(
    ("message", "told", "shown"),
    [
        (CHOICE, {"enforcement"}, False),  # ours says it with the value
        (CHOICE, {"flow"}, True),
        (ITEM, {"flow", "flows"}, True),  # ours never sees the item
        (NAMELESS, {"interfaces"}, False),  # names no option, ours does
        (NAMELESS, set(), True),  # but nobody else says anything
    ],
)
def test_a_message_of_the_specification_is_shown_unless_ours_is_better(
    message: str, told: set[str], shown: bool
) -> None:
    found = [problem.what for problem in spec_problems(message, ("flows",), told)]
    assert found == ([message] if shown else [])
