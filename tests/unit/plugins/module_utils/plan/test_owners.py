# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that other programs write: whose they are, whether they are live, and what is never
bypassed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import parse_policy
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.attach import (
    Findings,
    survey,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.owners import (
    live_front_ends,
    manager_of,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.ruleset import (
    Ruleset,
    parse_ruleset,
)

FROM_BANNED: dict[str, Any] = {
    "match": {
        "op": "==",
        "left": {"payload": {"protocol": "ip", "field": "saddr"}},
        "right": "198.51.100.7",
    }
}
ACCEPT: dict[str, Any] = {"accept": None}
DROP: dict[str, Any] = {"drop": None}


def ruleset(
    family: str, table: str, chains: dict[str, list[list[Any]]], hook: str = "input"
) -> Ruleset:
    """Return one table whose first chain is a base chain."""
    place = {"family": family, "table": table}
    entries: list[Any] = [{"table": {"family": family, "name": table}}]
    for number, (name, rules) in enumerate(chains.items()):
        base = {} if number else {"hook": hook, "prio": 0, "policy": "accept"}
        entries.append({"chain": {**place, "name": name, **base}})
        entries += [
            {"rule": {**place, "chain": name, "handle": handle, "expr": rule}}
            for handle, rule in enumerate(rules, start=10 * (number + 1))
        ]
    return parse_ruleset({"nftables": entries})


def findings(found: Ruleset, **flow: Any) -> Findings:
    base = {"id": "f", "direction": "inbound", "protocol": "tcp", "ports": [19812]}
    return survey([parse_policy({"name": "p", "flows": [{**base, **flow}]})], found)


@pytest.mark.parametrize(
    ("before_input", "front_ends", "manager"),
    [
        ([[ACCEPT]], ("ufw",), "ufw"),
        ([], (), "iptables"),
    ],
)
def test_ufw_is_live_while_its_chains_hold_rules(
    before_input: list[list[Any]], front_ends: tuple[str, ...], manager: str
) -> None:
    """`ufw disable` empties its chains and leaves them there (ufw 0.36.2, ufw-init-functions)."""
    found = ruleset("ip", "filter", {"INPUT": [], "ufw-before-input": before_input})
    assert live_front_ends(found) == front_ends
    assert manager_of(("ip", "filter"), found) == manager


@pytest.mark.parametrize(
    ("family", "table", "chains"),
    [
        ("inet", "f2b-table", {"f2b-chain": [[FROM_BANNED, {"reject": {}}]]}),
        (
            "ip",
            "filter",
            {
                "INPUT": [[{"jump": {"target": "f2b-sshd"}}]],
                "f2b-sshd": [[FROM_BANNED, {"xt": {"type": "target", "name": "REJECT"}}]],
            },
        ),
    ],
)
def test_a_ban_is_not_bypassed_even_for_a_flow_of_the_banned_alone(
    family: str, table: str, chains: dict[str, list[list[Any]]]
) -> None:
    found = findings(ruleset(family, table, chains), peers=["198.51.100.7"])
    assert not found.stopped
    assert {stop.chain for _unused, stop in found.partial} == {list(chains)[-1]}


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_ban_is_no_news_where_a_flow_names_no_peer(direction: str) -> None:
    """Else each apply on a host with fail2ban would warn of each flow."""
    bans = ruleset("inet", "f2b-table", {"f2b-chain": [[FROM_BANNED, {"reject": {}}]]})
    assert findings(bans, direction=direction) == Findings((), ())


def test_an_admins_own_drop_of_one_peer_is_a_stop() -> None:
    found = findings(
        ruleset("inet", "admin", {"in": [[FROM_BANNED, DROP]]}), peers=["198.51.100.7"]
    )
    assert {blocked.stop.handle for blocked in found.stopped} == {10}


def test_what_an_older_nft_does_not_name_may_stop_packets() -> None:
    """nft before 1.0.6 prints null for what iptables wrote as an extension, and no name."""
    unnamed: dict[str, Any] = {"xt": None}
    found = findings(ruleset("ip", "filter", {"INPUT": [[unnamed, ACCEPT], [unnamed]]}))
    assert not found.stopped
    assert {stop.handle for _unused, stop in found.partial} == {11}
