# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where foreign rules stop a flow: one chain of ours and one jump directly before what stops it.

Directly before, and not at the top, so that the rules above (fail2ban's, anti-spoofing) keep their
effect.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Iterable, Sequence

from .._model.policy import Policy
from .chain_walk import Stop
from .nat import NatReader
from .owners import NFTABLES, manager_of
from .packets import PacketClass, packet_classes
from .render import accept_rules, chain_block
from .ruleset import JUMP_COMMENT, OWN_PREFIX, Ruleset
from .seen import Seen
from .walk import DIMENSIONS, fate_of


@dataclasses.dataclass(frozen=True)
class Attachment:
    """A chain of ours in a foreign table, entered by a jump directly before `stop`."""

    stop: Stop
    chain: str
    rules: tuple[str, ...]

    @property
    def jump(self) -> str:
        """Return the command that adds the jump; at the end of the chain when its policy is what
        stops."""
        place = f"{self.stop.family} {self.stop.table} {self.stop.chain}"
        verb = (
            f"insert rule {place} handle {self.stop.handle}"
            if self.stop.handle
            else f"add rule {place}"
        )
        return f'{verb} jump {self.chain} comment "{JUMP_COMMENT}"'

    @property
    def commands(self) -> tuple[str, ...]:
        """Return the commands that add the chain and the jump to the live table.

        Commands, not a table block: a block without the table's flags would take them off, and so
        wake up a table that its admin has put to sleep (flags dormant).
        """
        place = f"{self.stop.family} {self.stop.table} {self.chain}"
        rules = (f"add rule {place} {rule}" for rule in self.rules)
        return (f"add chain {place}", *rules, self.jump)

    def as_table(self) -> str:
        """Return the chain inside a table of its own family and name, to be loaded where nothing
        else is."""
        lines = chain_block(self.chain, self.rules)
        return "\n".join([f"table {self.stop.family} {self.stop.table} {{", *lines, "}", ""])


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A stop before which we may put nothing: a tool manages its table (`manager`), or no rule of
    ours can be right there (`why`)."""

    stop: Stop
    manager: str
    flows: tuple[str, ...]  # by their tags
    why: str = ""

    def hits(self, policy: Policy) -> bool:
        return any(tag.split("/", 1)[0] == policy.name for tag in self.flows)

    def as_dict(self) -> dict[str, object]:
        why = self.why or f"{self.manager} manages it"
        return {
            "backend": self.manager or NFTABLES,
            "table": f"{self.stop.family} {self.stop.table}",
            "chain": self.stop.chain,
            "handle": self.stop.handle,
            "flows": list(self.flows),
            "what": f"{self.stop} stops {', '.join(self.flows)}; {why}",
        }


@dataclasses.dataclass(frozen=True)
class Blocked:
    """Packets of a flow that all end at `stop`, and as what they are seen there."""

    item: PacketClass
    seen: Seen
    stop: Stop


@dataclasses.dataclass(frozen=True)
class Findings:
    """What the walk of the foreign ruleset found for all flows of all policies."""

    stopped: tuple[Blocked, ...]
    partial: tuple[tuple[PacketClass, Stop], ...]
    untracked: tuple[tuple[PacketClass, Stop], ...] = ()


def survey(policies: Sequence[Policy], foreign: Ruleset, nat: NatReader | None = None) -> Findings:
    """Walk every packet class of `policies` through `foreign`, a ruleset without anything of
    ours."""
    nat = nat or NatReader(foreign)
    stopped: list[Blocked] = []
    partial: list[tuple[PacketClass, Stop]] = []
    untracked: list[tuple[PacketClass, Stop]] = []
    for policy in policies:
        for item in packet_classes(policy):
            fate = fate_of(item, foreign, nat)
            stopped += [Blocked(item, seen, stop) for seen, stop in fate.stops]
            partial += [(item, stop) for stop in fate.partial]
            untracked += [(item, stop) for stop in fate.untracked]
    return Findings(tuple(stopped), tuple(partial), tuple(untracked))


def conflicts_in(findings: Findings, foreign: Ruleset) -> tuple[Conflict, ...]:
    """Return the stops before which we may put nothing, each with the flows it hits."""
    flows: dict[tuple[Stop, str, str], list[str]] = {}
    for blocked in findings.stopped:
        manager = manager_of(blocked.stop.table_key, foreign)
        if manager or blocked.seen.refused:
            key = (blocked.stop, manager, "" if manager else blocked.seen.refused)
            flows.setdefault(key, []).append(blocked.item.tag)
    return tuple(
        Conflict(stop, manager, tuple(dict.fromkeys(tags)), why)
        for (stop, manager, why), tags in flows.items()
    )


def attachments_for(findings: Findings, foreign: Ruleset) -> tuple[Attachment, ...]:
    """Return the chains and jumps that let the stopped packets through, in tables that we may add
    to."""
    by_stop: dict[Stop, list[PacketClass]] = {}
    for blocked in findings.stopped:
        if not manager_of(blocked.stop.table_key, foreign) and not blocked.seen.refused:
            by_stop.setdefault(blocked.stop, []).append(blocked.seen.own)
    ordered = sorted(by_stop, key=lambda stop: (stop.chain_key, _position(stop, foreign)))
    names: dict[tuple[str, str], set[str]] = {}
    result = []
    for stop in ordered:
        taken = names.setdefault(stop.table_key, set())
        name = _free_name(stop.chain, taken)
        taken.add(name)
        regular = not foreign.chains[stop.chain_key].is_base
        rules = accept_rules(
            _united(by_stop[stop]), with_state=True, table_family=stop.family, any_hook=regular
        )
        result.append(Attachment(stop, name, tuple(dict.fromkeys(rules))))
    return tuple(result)


def _united(classes: Sequence[PacketClass]) -> Sequence[PacketClass]:
    """Put together what the walk has taken apart: classes that differ in one set of interfaces or
    networks only are one."""
    for dimension in DIMENSIONS:
        groups: dict[tuple[PacketClass, bool], list[Any]] = {}
        for item in classes:
            values = getattr(item, dimension)
            blank: dict[str, Any] = {dimension: ()}
            # Empty means any, and stays apart.
            key = (dataclasses.replace(item, **blank), bool(values))
            groups.setdefault(key, []).extend(values)
        united: list[PacketClass] = []
        for (common, _unused), values in groups.items():
            whole: dict[str, Any] = {dimension: tuple(dict.fromkeys(values))}
            united.append(dataclasses.replace(common, **whole))
        classes = united
    return classes


def _position(stop: Stop, foreign: Ruleset) -> int:
    handles = [rule.handle for rule in foreign.chains[stop.chain_key].rules]
    return handles.index(stop.handle) if stop.handle in handles else len(handles)


def _free_name(chain: str, taken: set[str]) -> str:
    stem = f"{OWN_PREFIX}_{re.sub(r'[^A-Za-z0-9_]', '_', chain)}"
    numbered = (f"{stem}_{number}" for number in range(2, 1000))
    return next(name for name in (stem, *numbered) if name not in taken)


def live_jumps(ruleset: Ruleset) -> dict[tuple[str, str, str], list[tuple[Stop, int]]]:
    """Return, for each chain of ours in a foreign table, where jumps to it stand: before which
    stop, with which handle."""
    found: dict[tuple[str, str, str], list[tuple[Stop, int]]] = {}
    for chain in ruleset.chains.values():
        if chain.is_own:
            continue
        next_foreign = 0
        for rule in reversed(chain.rules):
            if rule.target.startswith(OWN_PREFIX):
                key = (chain.family, chain.table, rule.target)
                found.setdefault(key, []).append((Stop(*chain.key, next_foreign), rule.handle))
            else:
                next_foreign = rule.handle
    return found


def live_bypasses(ruleset: Ruleset) -> set[tuple[Stop, str]]:
    """Return which stops are bypassed by a jump of ours now, and for which flows (by their
    tags)."""
    return {
        (stop, rule.comment)
        for key, places in live_jumps(ruleset).items()
        for stop, unused_handle in places
        for rule in (ruleset.chains[key].rules if key in ruleset.chains else ())
    }


def detach_commands(ruleset: Ruleset) -> Iterable[str]:
    """Return the commands that take everything of ours out of foreign tables: the jumps, then the
    chains."""
    own = [
        chain
        for chain in ruleset.chains.values()
        if chain.is_own and chain.name.startswith(OWN_PREFIX)
    ]
    for jumps in live_jumps(ruleset).values():
        for stop, handle in jumps:
            yield f"delete rule {stop.family} {stop.table} {stop.chain} handle {handle}"
    for chain in own:
        yield f"flush chain {chain.family} {chain.table} {chain.name}"
    for chain in own:
        yield f"delete chain {chain.family} {chain.table} {chain.name}"
