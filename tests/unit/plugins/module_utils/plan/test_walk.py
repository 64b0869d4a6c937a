# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk through foreign rules: what stops all, some or none of a flow's packets."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import parse_policy
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.attach import (
    attachments_for,
    conflicts_in,
    survey,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.ruleset import (
    Ruleset,
    parse_ruleset,
)

DROP: dict[str, Any] = {"drop": None}
ACCEPT: dict[str, Any] = {"accept": None}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def dport(right: Any, op: str = "==") -> dict[str, Any]:
    return match(payload("tcp", "dport"), right, op)


def state(*states: str) -> dict[str, Any]:
    return match({"ct": {"key": "state"}}, list(states), "in")


def ruleset(
    *rules: list[Any], policy: str = "accept", hook: str = "output", **table: Any
) -> Ruleset:
    place = {"family": "inet", "table": "admin"}
    entries: list[Any] = [
        {"table": {"family": "inet", "name": "admin", **table}},
        {"chain": {**place, "name": "c", "hook": hook, "prio": 0, "policy": policy}},
        {"chain": {**place, "name": "sub"}},
        {"set": {**place, "name": "fixed", "elem": [{"prefix": {"addr": "0.0.0.0", "len": 0}}]}},
        {"set": {**place, "name": "moving", "flags": ["timeout"], "elem": ["192.0.2.1"]}},
    ]
    for handle, rule in enumerate(rules, start=10):
        chain = "sub" if rule and rule[0] == "sub" else "c"
        expr = rule[1:] if chain == "sub" else rule
        entries.append({"rule": {**place, "chain": chain, "handle": handle, "expr": expr}})
    return parse_ruleset({"nftables": entries})


def stops(found: Ruleset, **flow: Any) -> set[int]:
    """Return the handles of what stops new connections of an IPv4 flow to 443, 0 for the policy."""
    base = {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}
    policy = parse_policy({"name": "p", "flows": [{**base, **flow}]})
    return {
        blocked.stop.handle
        for blocked in survey([policy], found).stopped
        if (blocked.item.kind, blocked.item.state, blocked.item.family)
        == ("request", "new", "ipv4")
    }


def partial(found: Ruleset) -> set[int]:
    base = {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}
    policy = parse_policy({"name": "p", "flows": [base]})
    return {pair[1].handle for pair in survey([policy], found).partial}


JUMP: dict[str, Any] = {"jump": {"target": "sub"}}


@pytest.mark.parametrize(
    ("rules", "policy", "expected"),
    [
        ([], "accept", set()),
        ([], "drop", {0}),
        ([[dport(443), DROP]], "accept", {10}),
        ([[dport(443), {"reject": {}}]], "accept", {10}),
        ([[dport(80), DROP]], "accept", set()),
        ([[dport({"range": [1, 1023]}), DROP]], "accept", {10}),
        ([[dport({"set": [80, 443]}), DROP]], "accept", {10}),
        ([[dport(22, "!="), DROP]], "accept", {10}),
        ([[dport(1024, "<"), DROP]], "accept", {10}),
        ([[dport(443), ACCEPT]], "drop", set()),
        ([[dport(443), ACCEPT], [DROP]], "accept", set()),
        ([[state("established", "related"), ACCEPT]], "drop", {0}),
        ([[state("new"), DROP]], "accept", {10}),
        ([[match(payload("tcp", "flags"), "syn", "in"), DROP]], "accept", {10}),
        ([[match(payload("udp", "dport"), 443), DROP]], "accept", set()),
        ([[match({"meta": {"key": "l4proto"}}, {"set": ["tcp", "udp"]}), DROP]], "accept", {10}),
        ([[match({"meta": {"key": "nfproto"}}, "ipv6"), DROP]], "accept", set()),
        ([[match({"meta": {"key": "oifname"}}, "lo"), ACCEPT]], "drop", {0}),
        ([[match({"meta": {"key": "mark"}}, 1), ACCEPT]], "drop", {0}),
        ([[match({"meta": {"key": "mark"}}, 1), DROP]], "accept", set()),
        ([[{"limit": {"rate": 5}}, DROP]], "accept", set()),
        ([[match(payload("ip", "daddr"), "@fixed"), DROP]], "accept", {10}),
        ([[match(payload("ip", "daddr"), "@moving"), DROP]], "accept", set()),
        ([[JUMP], ["sub", dport(443), DROP]], "accept", {11}),
        ([[JUMP], ["sub", {"return": None}], [DROP]], "accept", {12}),
        ([[dport(80), JUMP], ["sub", DROP]], "accept", set()),
        ([[{"return": None}], [ACCEPT]], "drop", {10}),
        ([[{"goto": {"target": "sub"}}], [ACCEPT]], "drop", {10}),
        (
            [[{"vmap": {"key": payload("tcp", "dport"), "data": {"set": [[443, DROP]]}}}]],
            "accept",
            {10},
        ),
        (
            [[{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["new", ACCEPT]]}}}]],
            "drop",
            set(),
        ),
    ],
)
def test_walk(rules: list[list[Any]], policy: str, expected: set[int]) -> None:
    assert stops(ruleset(*rules, policy=policy)) == expected


def test_a_table_that_is_switched_off_stops_nothing() -> None:
    assert stops(ruleset(policy="drop", flags="dormant")) == set()
    assert stops(ruleset(policy="drop", flags=["dormant"])) == set()
    assert stops(ruleset(policy="drop", flags="owner")) == {0}


@pytest.mark.parametrize(
    "statement",
    [
        {"queue": {"num": 1}},
        {"synproxy": {"mss": 1460}},
        {"xt": {"type": "target", "name": "NFQUEUE"}},
    ],
)
def test_what_is_handed_over_is_never_bypassed(statement: dict[str, Any]) -> None:
    """An intrusion prevention system decides: nothing of ours before it, and a word about it."""
    found = ruleset([dport(443), statement], policy="drop")
    assert stops(found) == set()
    assert partial(found) == {10}


@pytest.mark.parametrize(
    "statement",
    [
        {"flow": {"op": "add", "flowtable": "@f"}},
        {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}},
        {"ct helper": "x"},
        {"tcp option": {"name": "maxseg"}},
        {"xt": {"type": "target", "name": "TCPMSS"}},
        {"log": {"prefix": "x"}},
        {"counter": None},
    ],
)
def test_statements_that_are_no_verdict(statement: dict[str, Any]) -> None:
    """A flowtable takes over established connections that all chains have let through."""
    assert stops(ruleset([statement], policy="drop")) == {0}
    assert stops(ruleset([statement, ACCEPT], policy="drop")) == set()
    assert partial(ruleset([statement])) == set()


def test_translation_ends_a_chain_of_nat() -> None:
    assert stops(ruleset([{"masquerade": None}], [DROP], hook="postrouting")) == set()


def test_set_that_packets_fill_is_not_taken_as_it_is() -> None:
    """nft 1.0.6 leaves the flag dynamic out of its JSON: the rule that adds to it tells."""
    field = payload("ip", "daddr")
    add = {"set": {"op": "add", "elem": field, "set": "@fixed"}}
    assert stops(ruleset([match(field, "@fixed"), DROP])) == {10}
    found = ruleset([match(field, "@fixed"), DROP], [dport(22), add])
    assert stops(found) == set()
    assert partial(found) == {10}


def test_ingress_is_told_and_never_attached_to() -> None:
    place = {"family": "netdev", "table": "early"}
    chain = {**place, "name": "c", "hook": "ingress", "prio": 0, "policy": "drop"}
    policy = parse_policy(
        {
            "name": "p",
            "enforcement": "gateway",
            "interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
            "flows": [{"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}],
        }
    )

    def surveyed(**more: Any) -> tuple[set[str], bool]:
        entries = [
            {"table": {"family": "netdev", "name": "early"}},
            {"chain": {**chain, **more}},
        ]
        foreign = parse_ruleset({"nftables": entries})
        found = survey([policy], foreign)
        assert attachments_for(found, foreign) == ()
        return {item.why for item in conflicts_in(found, foreign)}, bool(found.partial)

    why = {"a rule there comes before connection tracking and every other hook"}
    assert surveyed() == (set(), True)  # nft 1.0.6 does not tell the device
    assert surveyed(dev="lan0") == (why, False)
    assert surveyed(dev=["eth7"]) == (set(), False)


def test_untracked_packets_are_told() -> None:
    place = {"family": "inet", "table": "raw", "chain": "c"}
    base = {**place, "name": "c", "hook": "output", "prio": -300, "policy": "accept"}
    entries: list[Any] = [
        {"table": {"family": "inet", "name": "raw"}},
        {"chain": base},
        {"rule": {**place, "handle": 9, "expr": [dport(443), {"notrack": None}]}},
    ]
    flow = {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}
    policy = parse_policy({"name": "p", "flows": [flow]})
    found = survey([policy], parse_ruleset({"nftables": entries}))
    assert {stop.handle for _unused, stop in found.untracked} == {9}


def test_a_drop_of_some_packets_is_told_apart() -> None:
    found = ruleset([match(payload("ip", "daddr"), "192.0.2.1"), DROP], [{"limit": {}}, DROP])
    assert partial(found) == {10, 11}
    assert stops(found) == set()
    assert stops(found, peers=["192.0.2.1"]) == {10}
    assert stops(found, peers=["198.51.100.0/24"]) == set()


def test_replies_are_walked_too() -> None:
    policy = parse_policy(
        {
            "name": "p",
            "flows": [{"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}],
        }
    )
    foreign = ruleset(policy="drop", hook="input")
    rules = [item.rules for item in attachments_for(survey([policy], foreign), foreign)]
    assert rules == [('tcp sport 443 ct state established accept comment "p/f"',)]


def test_a_table_of_iptables_is_a_conflict() -> None:
    place = {"family": "ip", "table": "filter", "name": "OUTPUT", "hook": "output"}
    foreign = parse_ruleset(
        {
            "nftables": [
                {"table": {"family": "ip", "name": "filter"}},
                {"chain": {**place, "prio": 0, "policy": "drop"}},
            ]
        }
    )
    policy = parse_policy(
        {
            "name": "p",
            "flows": [{"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}],
        }
    )
    findings = survey([policy], foreign)
    assert attachments_for(findings, foreign) == ()
    assert [item.manager for item in conflicts_in(findings, foreign)] == ["iptables"]
    assert conflicts_in(findings, foreign)[0].flows == ("p/f",)
