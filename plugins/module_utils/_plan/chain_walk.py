# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of ours on their way through one base chain and the chains that it calls: who stops them,
who translates them?

A rule that offloads connections to a flowtable (C(flow add)) is no verdict. What is offloaded skips
the forward hook, and prerouting and postrouting with it: all chains have let it through before. A
connection with a conntrack helper is never offloaded (nft_flow_offload_eval()), so that an FTP
control connection keeps its helper.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping

from .match import match_expression, match_values
from .owners import is_ban_list
from .ruleset import Chain, Rule, Ruleset
from .seen import ALL, NONE, SOME, Seen, both, negated

# How a chain ends for the packets.
_ACCEPTED = "accepted"
_STOPPED = "stopped"
_LEFT = "left"  # the packets leave the chain at its end or by a return

# Statements that only let some packets go on to the next expression of the rule.
_CONDITIONS = frozenset(("limit", "quota", "ct count", "meter", "set", "map", "xt", "socket"))
_DROPS = frozenset(("drop", "reject"))
# Statements that hand packets to somebody whose verdict nobody knows beforehand: a program, a local
# proxy. We never let packets pass by them; an intrusion prevention system stands there.
_HANDED_OVER = frozenset(("queue", "synproxy", "tproxy", "fwd"))
_TRANSLATIONS = frozenset(("dnat", "snat", "masquerade", "redirect", "xt nat"))
_UNNAMED_TARGET = "target of iptables without a name"
_XT_TRANSLATIONS = frozenset(("DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"))
_DEPTH_LIMIT = 16  # NFT_JUMP_STACK_SIZE, include/net/netfilter/nf_tables.h
_REST = "*"  # the element of a map that stands for all other keys


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
class Translation:
    """A NAT statement that packets meet: C(dnat), C(snat), .. or C(xt nat) for one of iptables."""

    place: Stop
    kind: str
    detail: Any


class ChainWalk:
    """One class on its way through one base chain.

    After `through`: `partial` are the rules that may stop some of the packets, `untracked` those
    that take them out of connection tracking, `translation` the NAT statement that they meet for
    certain, `possible` those that some of them may meet. `unsure` tells that a rule was met that
    matches some of them, and `left_by` is the rule of the base chain by which they left it.
    """

    def __init__(self, seen: Seen, ruleset: Ruleset) -> None:
        self.seen = seen
        self.ruleset = ruleset
        self.partial: list[Stop] = []
        self.untracked: list[Stop] = []
        self.translation: Translation | None = None
        self.possible: list[Translation] = []
        self.unsure = False
        self.left_by: Rule | None = None
        self._stop: Stop | None = None
        self._base: Chain | None = None

    def through(self, base: Chain) -> Stop | None:
        """Return what stops the packets in the base chain, or None."""
        self._base = base
        end = self._chain(base, certain=True, depth=0)
        if end == _LEFT and base.policy == "drop":
            # What comes after a certain return or goto is never reached: the place before that rule
            # is the last one.
            return Stop(*base.key, handle=self.left_by.handle if self.left_by else 0)
        return self._stop if end == _STOPPED else None

    def _chain(self, chain: Chain, certain: bool, depth: int) -> str:
        for rule in chain.rules:
            end = self._rule(chain, rule, certain, depth)
            if end:
                if chain is self._base:
                    self.left_by = rule
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
                hit = match_expression(detail, self.seen, self.ruleset, table)
                answer = both(answer, hit)
                self.unsure |= hit == SOME
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
        here = Stop(*chain.key, handle=rule.handle)
        if kind in _DROPS:
            return self._dropped(here, certain)
        if kind == _UNNAMED_TARGET:
            self.possible.append(Translation(here, "xt nat", None))
            self._dropped(here, certain=False)
        elif kind in _HANDED_OVER:
            self.partial.append(here)
            return _ACCEPTED if certain else ""
        elif kind in _TRANSLATIONS:
            return self._translated(Translation(here, kind, detail), chain, answer)
        elif kind == "notrack":
            self.untracked.append(here)
        elif kind == "accept" and certain:
            return _ACCEPTED
        elif kind == "return":
            return self._returned(chain, certain)
        elif kind in ("jump", "goto") and depth < _DEPTH_LIMIT:
            target = self.ruleset.chains.get((chain.family, chain.table, detail["target"]))
            if target is not None:
                end = self._chain(target, certain, depth + 1)
                if certain and (end != _LEFT or kind == "goto"):
                    return end
        return ""

    def _dropped(self, here: Stop, certain: bool) -> str:
        banned = is_ban_list(here.chain)
        if certain and not banned:
            self._stop = here
            return _STOPPED
        # A ban ends by itself, and while it lasts it is not ours to bypass. It is worth a word only
        # where the flow names the peer.
        if self.seen.packets.sources or not banned:
            self.partial.append(here)
        return ""

    def _returned(self, chain: Chain, certain: bool) -> str:
        if certain:
            return _LEFT
        if chain is self._base and chain.policy == "drop":
            self.partial.append(Stop(*chain.key))
        return ""

    def _translated(self, translation: Translation, chain: Chain, answer: str) -> str:
        for part in ("addr", "port"):
            if isinstance(translation.detail, Mapping):
                value = translation.detail.get(part)
                if isinstance(value, Mapping) and "map" in value:
                    answer = both(answer, self._map_answer(chain, value["map"]))
        if answer == ALL:
            self.translation = translation
            return _ACCEPTED
        if answer == SOME:
            self.possible.append(translation)
        return ""

    def _map_answer(self, chain: Chain, data: Mapping[str, Any]) -> str:
        """Answer whether a data map has a value for the packets; without one the rule ends."""
        pairs, fixed = self.ruleset.pairs(chain.key[:2], data.get("data"))
        rest = ALL
        for key, _unused_value in pairs:
            hit = rest if key == _REST else match_values(data.get("key"), [key], self.seen)
            rest = both(rest, negated(hit))
        if not fixed:
            return SOME
        return ALL if is_spread(data.get("key")) else negated(rest)

    def _verdict_map(
        self, chain: Chain, rule: Rule, detail: Mapping[str, Any], answer: str, depth: int
    ) -> str:
        pairs, fixed = self.ruleset.pairs(chain.key[:2], detail.get("data"))
        self.unsure |= not fixed
        rest = ALL
        for key, verdict in sorted(pairs, key=lambda pair: pair[0] == _REST):
            hit = rest if key == _REST else match_values(detail.get("key"), [key], self.seen)
            rest = both(rest, negated(hit))
            self.unsure |= hit == SOME
            hit = both(answer, hit if fixed else both(hit, SOME))
            if hit == NONE or not isinstance(verdict, Mapping):
                continue
            kind, target = next(iter(verdict.items()))
            end = self._verdict(chain, rule, kind, target, hit, depth)
            if end:
                return end
        return ""


def is_spread(key: Any) -> bool:
    """Tell whether a map's key spreads connections over all its values (load balancing)."""
    return isinstance(key, Mapping) and bool(set(key) & {"numgen", "jhash", "symhash"})


def _xt_kind(detail: Any, is_last: bool) -> str:
    """Return what an extension of iptables is for the walk: a condition, a verdict, or a target
    that lets packets go on.

    nft before 1.0.6 prints null for all of them. Then the last one of a rule may be a target, and
    the target may drop or translate.
    """
    if not isinstance(detail, Mapping):
        return _UNNAMED_TARGET if is_last else "xt"
    if detail.get("type") != "target":
        return "xt"
    name = str(detail.get("name"))
    if name == "REJECT":
        return "reject"
    if name in ("NFQUEUE", "SYNPROXY", "TPROXY"):
        return "queue"
    return "xt nat" if name in _XT_TRANSLATIONS else "xt target"
