# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live nftables ruleset as data, read from `nft -j list ruleset` (libnftables-json(5))."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable, Mapping

OWN_TABLE = "legalops_timesensor"
OWN_FAMILY = "inet"
OWN_PREFIX = "legalops_timesensor"
JUMP_COMMENT = "legalops.timesensor"


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule; `expr` is nft's JSON list of matches and statements."""

    handle: int
    expr: tuple[Any, ...]
    comment: str = ""

    @property
    def target(self) -> str:
        """The chain that the rule's last statement jumps or goes to, or an empty string."""
        last = self.expr[-1] if self.expr else {}
        for verdict in ("jump", "goto"):
            if isinstance(last, Mapping) and verdict in last:
                return str(last[verdict]["target"])
        return ""


@dataclasses.dataclass(frozen=True)
class Chain:
    """One chain; `hook` is empty for a regular chain."""

    family: str
    table: str
    name: str
    rules: tuple[Rule, ...] = ()
    hook: str = ""
    priority: int = 0
    type: str = ""
    policy: str = "accept"

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.family, self.table, self.name)

    @property
    def is_base(self) -> bool:
        return bool(self.hook)

    @property
    def is_own(self) -> bool:
        """Tell whether the chain is ours: it stands in our table, or it is one that we added to a
        foreign one."""
        own_table = (self.family, self.table) == (OWN_FAMILY, OWN_TABLE)
        return own_table or self.name.startswith(OWN_PREFIX)


@dataclasses.dataclass(frozen=True)
class Collection:
    """A named set or map: its elements, and whether packets or time can change them."""

    elements: tuple[Any, ...]
    dynamic: bool


@dataclasses.dataclass(frozen=True)
class Ruleset:
    """All tables, chains, sets and maps of one network namespace."""

    tables: frozenset[tuple[str, str]] = frozenset()
    chains: Mapping[tuple[str, str, str], Chain] = dataclasses.field(default_factory=dict)
    collections: Mapping[tuple[str, str, str], Collection] = dataclasses.field(default_factory=dict)

    def without_own(self) -> Ruleset:
        """Return the ruleset as it would be without anything of ours."""
        chains = {
            key: dataclasses.replace(
                chain,
                rules=tuple(rule for rule in chain.rules if not rule.target.startswith(OWN_PREFIX)),
            )
            for key, chain in self.chains.items()
            if not chain.is_own
        }
        tables = self.tables - {(OWN_FAMILY, OWN_TABLE)}
        return dataclasses.replace(self, tables=tables, chains=chains)

    def base_chains(self, hook: str) -> Iterable[Chain]:
        """Return the base chains of `hook` in the order in which packets meet them."""
        found = [chain for chain in self.chains.values() if chain.hook == hook]
        return sorted(found, key=lambda chain: chain.priority)


def parse_ruleset(document: Mapping[str, Any]) -> Ruleset:
    """Read the JSON document of `nft -j list ruleset`. Objects that do not matter to packets' fate
    are passed over."""
    tables = set()
    heads: dict[tuple[str, str, str], dict[str, Any]] = {}
    rules: dict[tuple[str, str, str], list[Rule]] = {}
    collections = {}
    for entry in document.get("nftables", ()):
        for kind, value in entry.items():
            if kind == "table":
                tables.add((value["family"], value["name"]))
            elif kind == "chain":
                heads[value["family"], value["table"], value["name"]] = value
            elif kind == "rule":
                key = (value["family"], value["table"], value["chain"])
                rule = Rule(value["handle"], tuple(value["expr"]), value.get("comment", ""))
                rules.setdefault(key, []).append(rule)
            elif kind in ("set", "map"):
                key = (value["family"], value["table"], value["name"])
                collections[key] = _parse_collection(value)
    chains = {
        key: Chain(
            *key,
            rules=tuple(rules.get(key, ())),
            hook=head.get("hook", ""),
            priority=head.get("prio", 0),
            type=head.get("type", ""),
            policy=head.get("policy", "accept"),
        )
        for key, head in heads.items()
    }
    return Ruleset(frozenset(tables), chains, collections)


def _parse_collection(value: Mapping[str, Any]) -> Collection:
    flags = value.get("flags", ())
    flags = (flags,) if isinstance(flags, str) else flags
    dynamic = "timeout" in flags or "dynamic" in flags or "timeout" in value
    elements = tuple(_bare_element(item) for item in value.get("elem", ()))
    return Collection(elements, dynamic)


def _bare_element(item: Any) -> Any:
    """Return an element without its counter, comment or timeout."""
    if isinstance(item, Mapping) and "elem" in item:
        return item["elem"]["val"]
    if isinstance(item, list) and item and isinstance(item[0], Mapping) and "elem" in item[0]:
        return [item[0]["elem"]["val"], *item[1:]]
    return item
