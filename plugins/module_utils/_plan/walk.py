# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk packets of ours through a ruleset: which rule or chain policy of somebody else stops
them?"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable, Mapping

from .match import ALL, NONE, SOME, both, family_sees, match_expression, match_values
from .owners import is_ban_list
from .packets import FORWARD, PATHS, PREROUTING, REQUEST, PacketClass
from .ruleset import Chain, Rule, Ruleset

# How a chain ends for the packets.
_ACCEPTED = "accepted"
_STOPPED = "stopped"
_LEFT = "left"  # the packets leave the chain at its end or by a return

# Statements that only let some packets go on to the next expression of the rule.
_CONDITIONS = frozenset(("limit", "quota", "ct count", "meter", "set", "map", "xt", "socket"))
_DROPS = frozenset(("drop", "reject"))
_UNNAMED_TARGET = "target of iptables without a name"
_DEPTH_LIMIT = 16  # NFT_JUMP_STACK_SIZE, include/net/netfilter/nf_tables.h


@dataclasses.dataclass(frozen=True)
class Stop:
    """Where packets end: the rule with `handle` in the chain, or the chain's policy when `handle`
    is 0."""

    family: str
    table: str
    chain: str
    handle: int = 0

    @property
    def chain_key(self) -> tuple[str, str, str]:
        return (self.family, self.table, self.chain)

    @property
    def table_key(self) -> tuple[str, str]:
        return (self.family, self.table)

    def __str__(self) -> str:
        place = f"table {self.family} {self.table}, chain {self.chain}"
        return f"rule {self.handle} of {place}" if self.handle else f"the policy of {place}"


@dataclasses.dataclass(frozen=True)
class Fate:
    """What a ruleset does to one class: `stops` hit all of the packets, `partial` may hit some of
    them."""

    stops: tuple[Stop, ...]
    partial: tuple[Stop, ...]


def fate_of(item: PacketClass, ruleset: Ruleset) -> Fate:
    """Walk `item` through each base chain on its way. An accept ends one base chain only, a drop
    ends the packet."""
    stops: list[Stop] = []
    partial: list[Stop] = []
    for hook in PATHS[item.hook]:
        staged = _at_stage(item, hook)
        for chain in ruleset.base_chains(hook):
            if family_sees(chain.family, item):
                walk = _Walk(staged, ruleset)
                stop = walk.through(chain)
                if stop is not None:
                    stops.append(stop)
                partial.extend(walk.partial)
    return Fate(tuple(stops), tuple(partial))


def _at_stage(item: PacketClass, hook: str) -> PacketClass:
    if hook == PREROUTING and item.hook == FORWARD and item.kind == REQUEST:
        # A port forward may still change the destination behind this hook.
        return dataclasses.replace(item, hook=hook, destinations=())
    return dataclasses.replace(item, hook=hook)


def _xt_kind(detail: Any, is_last: bool) -> str:
    """Return what an extension of iptables is for the walk: a condition, a reject, or a target that
    lets packets go on.

    nft before 1.0.6 prints null for all of them. Then the last one of a rule may be a target, and
    the target may drop.
    """
    if not isinstance(detail, Mapping):
        return _UNNAMED_TARGET if is_last else "xt"
    if detail.get("type") != "target":
        return "xt"
    return "reject" if detail.get("name") == "REJECT" else "xt target"


class _Walk:
    """One class on its way through one base chain."""

    def __init__(self, item: PacketClass, ruleset: Ruleset) -> None:
        self.item = item
        self.ruleset = ruleset
        self.partial: list[Stop] = []
        self._stop: Stop | None = None
        self._last_rule: Rule | None = (
            None  # the rule of the base chain by which the packets left it
        )

    def through(self, base: Chain) -> Stop | None:
        """Return what stops the packets in the base chain, or None."""
        end = self._chain(base, certain=True, depth=0, is_base=True)
        if end == _LEFT and base.policy == "drop":
            # What comes after a certain return or goto is never reached: the place before that rule
            # is the last one.
            handle = self._last_rule.handle if self._last_rule else 0
            return Stop(*base.key, handle=handle)
        return self._stop if end == _STOPPED else None

    def _chain(self, chain: Chain, certain: bool, depth: int, is_base: bool = False) -> str:
        for rule in chain.rules:
            end = self._rule(chain, rule, certain, depth)
            if end == _LEFT and is_base:
                self._last_rule = rule
            if end:
                return end
        return _LEFT

    def _rule(self, chain: Chain, rule: Rule, certain: bool, depth: int) -> str:
        """Return how the chain ends by this rule, or an empty string when the packets go on to the
        next."""
        answer = ALL if certain else SOME
        table = chain.key[:2]
        for expression in rule.expr:
            if not isinstance(expression, Mapping):
                continue
            kind, detail = next(iter(expression.items()))
            if kind == "xt":
                kind = _xt_kind(detail, is_last=expression is rule.expr[-1])
            if kind == "match":
                answer = both(answer, match_expression(detail, self.item, self.ruleset, table))
                if answer == NONE:
                    return ""
            elif kind == "vmap":
                return self._verdict_map(chain, rule, detail, answer, depth)
            elif kind in _CONDITIONS:
                answer = both(answer, SOME)
            end = self._verdict(chain, rule, kind, detail, answer, depth)
            if end:
                return end
        return ""

    def _verdict(
        self, chain: Chain, rule: Rule, kind: str, detail: Any, answer: str, depth: int
    ) -> str:
        certain = answer == ALL
        if kind in _DROPS or kind == _UNNAMED_TARGET:
            stop = Stop(*chain.key, handle=rule.handle)
            banned = is_ban_list(chain.name)
            if certain and kind in _DROPS and not banned:
                self._stop = stop
                return _STOPPED
            # A ban ends by itself, and while it lasts it is not ours to bypass. It is worth a word
            # only where the flow names the peer.
            if self.item.sources or not banned:
                self.partial.append(stop)
        elif kind == "accept" and certain:
            return _ACCEPTED
        elif kind == "return" and certain:
            return _LEFT
        elif kind in ("jump", "goto") and depth < _DEPTH_LIMIT:
            target = self.ruleset.chains.get((chain.family, chain.table, detail["target"]))
            if target is not None:
                end = self._chain(target, certain, depth + 1)
                if certain and (end != _LEFT or kind == "goto"):
                    return end
        return ""

    def _verdict_map(
        self, chain: Chain, rule: Rule, detail: Mapping[str, Any], answer: str, depth: int
    ) -> str:
        for key, verdict in self._elements(chain, detail.get("data")):
            hit = both(answer, match_values(detail.get("key"), [key], self.item))
            if hit == NONE or not isinstance(verdict, Mapping):
                continue
            kind, target = next(iter(verdict.items()))
            end = self._verdict(chain, rule, kind, target, hit, depth)
            if end:
                return end
        return ""

    def _elements(self, chain: Chain, data: Any) -> Iterable[tuple[Any, Any]]:
        if isinstance(data, str) and data.startswith("@"):
            named = self.ruleset.collections.get((chain.family, chain.table, data[1:]))
            pairs: Any = () if named is None or named.dynamic else named.elements
        else:
            pairs = data.get("set", ()) if isinstance(data, Mapping) else ()
        return [(pair[0], pair[1]) for pair in pairs if isinstance(pair, (list, tuple))]
