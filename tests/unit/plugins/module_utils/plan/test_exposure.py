# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change opens: flows that were closed, and defaults that deny no more."""

from __future__ import annotations

from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import (
    Policy,
    parse_policy,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.attach import survey
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.exposure import exposure
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.ruleset import Ruleset

OUT = {"id": "out", "direction": "outbound", "protocol": "tcp", "ports": [443]}
IN = {
    "id": "in",
    "direction": "inbound",
    "protocol": "tcp",
    "ports": [19812],
    "peers": ["192.0.2.0/24"],
    "hosts": ["10.77.0.20"],
}


def policy(name: str, *flows: dict[str, Any], side: str = "lan0", **more: Any) -> Policy:
    sides = {"inside": [side], "outside": ["wan0"]}
    return parse_policy(
        {"name": name, "flows": flows, "enforcement": "gateway", "interfaces": sides, **more}
    )


def opened(before: list[Policy], after: list[Policy]) -> list[tuple[str, str, list[str], str]]:
    found = exposure(before, after, survey(after, Ruleset()))
    return [
        (item["flow"], item["direction"], item["peers"], item["was_closed_by"]) for item in found
    ]


def test_flows_are_told_with_direction_and_far_end() -> None:
    deny = {"default_egress": "deny", "default_ingress": "deny"}
    assert opened([policy("p", **deny)], [policy("p", OUT, IN, **deny)]) == [
        ("p/out", "outbound", ["any"], "default_egress deny of p"),
        ("p/in", "inbound", ["192.0.2.0/24"], "default_ingress deny of p"),
    ]


def test_a_default_that_denies_no_more_opens_everything() -> None:
    before = [policy("p", OUT, default_egress="deny")]
    everything = [("any", "outbound", ["any"], "default_egress deny of p")]
    assert opened(before, [policy("p", OUT)]) == everything
    assert opened(before, []) == everything
    assert opened(before, [policy("q", default_egress="deny")]) == []


def test_a_deny_between_other_interfaces_closed_nothing_here() -> None:
    other = policy("q", side="lan1", default_egress="deny")
    assert opened([other], [other, policy("p", OUT)]) == []
