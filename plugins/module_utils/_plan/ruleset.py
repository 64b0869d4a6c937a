# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live nftables ruleset as data, read from `nft -j list ruleset` (libnftables-json(5))."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Iterable, Mapping, Sequence

from .._model.flow import as_list

OWN_TABLE = "legalops_timesensor"
OWN_FAMILY = "inet"
OWN_PREFIX = "legalops_timesensor"
JUMP_COMMENT = "legalops.timesensor"

DORMANT = "dormant"
OWNER = "owner"


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
    """One chain; `hook` is empty for a regular chain, `devices` where nft does not name them."""

    family: str
    table: str
    name: str
    rules: tuple[Rule, ...] = ()
    hook: str = ""
    priority: int = 0
    type: str = ""
    policy: str = "accept"
    devices: tuple[str, ...] = ()

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
    """All tables, chains, sets and maps of one network namespace.

    `flags` are those of tables: the chains of a dormant one see no packets, and one with an owner
    can be edited by the owning program alone (nft(8), "Tables").
    """

    tables: frozenset[tuple[str, str]] = frozenset()
    chains: Mapping[tuple[str, str, str], Chain] = dataclasses.field(default_factory=dict)
    collections: Mapping[tuple[str, str, str], Collection] = dataclasses.field(default_factory=dict)
    flags: Mapping[tuple[str, str], frozenset[str]] = dataclasses.field(default_factory=dict)

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
        """Return the live base chains of `hook` in the order in which packets meet them."""
        found = [
            chain
            for chain in self.chains.values()
            if chain.hook == hook and DORMANT not in self.flags_of(chain.key[:2])
        ]
        return sorted(found, key=lambda chain: chain.priority)

    def flags_of(self, table: tuple[str, str]) -> frozenset[str]:
        return self.flags.get(table, frozenset())

    def pairs(self, table: tuple[str, str], data: Any) -> tuple[list[tuple[Any, Any]], bool]:
        """Return the elements of a map, its name or its own elements in nft's JSON, and whether
        packets and time leave them as they are."""
        fixed = True
        found: Any = ()
        if isinstance(data, str) and data.startswith("@"):
            collection = self.collections.get((*table, data[1:]))
            fixed = collection is not None and not collection.dynamic
            found = collection.elements if collection else ()
        elif isinstance(data, Mapping):
            found = [bare_element(item) for item in data.get("set", ())]
        pairs = [(item[0], item[1]) for item in found if isinstance(item, (list, tuple))]
        return pairs, fixed


def parse_ruleset(document: Mapping[str, Any]) -> Ruleset:
    """Read the JSON document of `nft -j list ruleset`. Objects that do not matter to packets' fate
    are passed over."""
    tables = set()
    flags = {}
    heads: dict[tuple[str, str, str], dict[str, Any]] = {}
    rules: dict[tuple[str, str, str], list[Rule]] = {}
    collections = {}
    for entry in document.get("nftables", ()):
        for kind, value in entry.items():
            if kind == "table":
                tables.add((value["family"], value["name"]))
                flags[value["family"], value["name"]] = frozenset(as_list(value.get("flags")))
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
            devices=tuple(as_list(head.get("dev"))),
        )
        for key, head in heads.items()
    }
    for key in _filled_by_packets(rules):
        if key in collections:
            collections[key] = dataclasses.replace(collections[key], dynamic=True)
    return Ruleset(frozenset(tables), chains, collections, flags)


def table_flags(listing: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return the flags of tables from the text of `nft list ruleset`.

    Not from the JSON: nft 1.0.6 writes the table's name in their place.
    """
    found = {}
    table = ("", "")
    for line in listing.splitlines():
        if line.startswith("table "):
            family, name = line.split()[1:3]
            table = (family, name)
        elif line.startswith("\tflags "):
            found[table] = frozenset(re.split(r"[,\s]+", line.split(None, 1)[1].strip()))
    return found


def _parse_collection(value: Mapping[str, Any]) -> Collection:
    flags = as_list(value.get("flags"))
    dynamic = "timeout" in flags or "dynamic" in flags or "timeout" in value
    elements = tuple(bare_element(item) for item in value.get("elem", ()))
    return Collection(elements, dynamic)


def _filled_by_packets(
    rules: Mapping[tuple[str, str, str], Sequence[Rule]],
) -> Iterable[tuple[str, str, str]]:
    """Return the keys of sets and maps that a rule adds to: nft 1.0.6 leaves the flag dynamic out
    of its JSON."""
    for key, chain in rules.items():
        for rule in chain:
            for statement in rule.expr:
                for kind in ("set", "map"):
                    detail = statement.get(kind) if isinstance(statement, Mapping) else None
                    if isinstance(detail, Mapping) and isinstance(detail.get(kind), str):
                        yield (*key[:2], detail[kind].lstrip("@"))


def bare_element(item: Any) -> Any:
    """Return an element without its counter, comment or timeout."""
    if isinstance(item, Mapping) and "elem" in item:
        return item["elem"]["val"]
    if isinstance(item, list) and item and isinstance(item[0], Mapping) and "elem" in item[0]:
        return [item[0]["elem"]["val"], *item[1:]]
    return item
