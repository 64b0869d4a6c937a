# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NAT rules say: which destinations they name, and where they send packets."""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping, Sequence

from .._model.addresses import Network, family_of, is_within
from .._model.ports import PortRange
from .chain_walk import Translation, is_spread
from .match import family_sees, match_values, resolve
from .packets import PREROUTING, PacketClass
from .ruleset import Chain, Ruleset
from .seen import ALL, NONE, SOME, Seen
from .values import networks, port_range


@dataclasses.dataclass(frozen=True)
class _Target:
    """Where a NAT statement sends packets: `addresses` and `ports` (None: the port stays). `whole`
    tells that a network is mapped on another one, address by address."""

    addresses: tuple[Network, ...]
    ports: PortRange | None = None
    whole: bool = False


def nat_chains(ruleset: Ruleset, hook: str, item: PacketClass) -> list[Chain]:
    """Return the NAT chains that packets of the class meet, in order."""
    return [
        chain
        for chain in ruleset.base_chains(hook)
        if chain.type == "nat" and family_sees(chain.family, item)
    ]


def named_destinations(
    ruleset: Ruleset, item: PacketClass
) -> tuple[list[PortRange], list[Network]]:
    """Return the ports and addresses that rules name as the destination of packets, in all
    tables with a NAT chain."""
    tables = {chain.key[:2] for chain in nat_chains(ruleset, PREROUTING, item)}
    found: list[tuple[Any, Any]] = []
    chains = [chain for chain in ruleset.chains.values() if chain.key[:2] in tables]
    for chain in chains:
        for rule in chain.rules:
            found += _comparisons(rule.expr, chain, ruleset)
    if not any(_changes_ports(chain, ruleset) for chain in chains):
        found = [pair for pair in found if _field(pair[0]) != "dport"]
    ports: dict[PortRange, None] = {}
    addresses: dict[Network, None] = {}
    for left, value in found:
        if _field(left) == "dport":
            ports.update(dict.fromkeys(_single(port_range(value))))
        elif _field(left) == "daddr":
            for network in networks(value) or ():
                if family_of(network) == item.family:
                    addresses[network] = None
    return list(ports), list(addresses)


def delivers(translation: Translation, seen: Seen, item: PacketClass, ruleset: Ruleset) -> str:
    """Answer whether a translation sends the packets to a host and port of `item`."""
    if translation.kind in ("redirect", "masquerade", "snat"):
        return NONE
    targets = _targets(translation, seen, ruleset)
    if targets is None:
        return SOME
    answers = {_hits(target, seen.packets.dport, item) for target in targets}
    return answers.pop() if len(answers) == 1 else (SOME if answers else NONE)


def _targets(translation: Translation, seen: Seen, ruleset: Ruleset) -> list[_Target] | None:
    """Return where a dnat statement may send the packets, or None when it cannot be read."""
    detail = translation.detail
    if translation.kind != "dnat" or not isinstance(detail, Mapping):
        return None
    table = translation.place.table_key
    found = _values(detail.get("addr"), seen, table, ruleset)
    ports = _values(detail.get("port"), seen, table, ruleset)
    if found is None or ports is None or len(ports) > 1:
        return None
    targets = []
    for value in found:
        pair = value.get("concat") if isinstance(value, Mapping) else None
        address, port = pair if isinstance(pair, list) else (value, ports[0])
        nets = () if address is None else networks(address)
        number = port_range(port)
        if nets is None or (port is not None and number is None):
            return None
        whole = isinstance(address, Mapping) and "prefix" in address
        targets.append(_Target(tuple(nets), number, whole))
    return targets


def _values(value: Any, seen: Seen, table: tuple[str, str], ruleset: Ruleset) -> list[Any] | None:
    """Return the possible values of an operand: itself, or what a map has for the packets."""
    if not (isinstance(value, Mapping) and "map" in value):
        return [value]
    data = value["map"]
    pairs, fixed = ruleset.pairs(table, data.get("data"))
    if not fixed:
        return None
    spread = is_spread(data.get("key"))
    return [
        found
        for key, found in pairs
        if spread or match_values(data.get("key"), [key], seen) != NONE
    ]


def _hits(target: _Target, arrived: PortRange | None, item: PacketClass) -> str:
    """Answer whether a target is one of the hosts, at the port of the flow."""
    if not target.addresses:
        return NONE  # only the port is changed: the gateway itself
    inside = [any(is_within(net, host) for host in item.destinations) for net in target.addresses]
    touched = any(net.overlaps(host) for net in target.addresses for host in item.destinations)
    if not touched:
        return NONE
    port = target.ports or arrived
    if target.ports and arrived and len(target.ports) > 1 and len(arrived) == 1:
        # The kernel keeps a port that lies in the range (nf_nat_l4proto_in_range()).
        port = arrived if target.ports.overlaps(arrived) else target.ports
    if port is None or item.dport is None or not port.overlaps(item.dport):
        return NONE
    return ALL if port == item.dport and (all(inside) or target.whole) else SOME


def _single(ports: PortRange | None) -> Sequence[PortRange]:
    """Return the ports of a small range, each on its own, and nothing of a wide one: it cannot be a
    forward to another port."""
    if ports is None or len(ports) > 64:
        return ()
    return [PortRange(port, port) for port in range(ports.first, ports.last + 1)]


def _field(left: Any) -> str:
    detail = left.get("payload") if isinstance(left, Mapping) else None
    return str(detail.get("field")) if isinstance(detail, Mapping) else ""


def _changes_ports(chain: Chain, ruleset: Ruleset) -> bool:
    """Tell whether a port forward in the chain may change the port."""
    for rule in chain.rules:
        for statement in rule.expr:
            if not isinstance(statement, Mapping):
                continue
            if "xt" in statement:
                return True  # what a target of iptables does is not shown
            detail = statement.get("dnat")
            if not isinstance(detail, Mapping):
                continue
            if detail.get("port") is not None:
                return True
            value = detail.get("addr")
            if isinstance(value, Mapping) and "map" in value:
                pairs, _unused_fixed = ruleset.pairs(chain.key[:2], value["map"].get("data"))
                if any(isinstance(item, Mapping) and "concat" in item for _unused, item in pairs):
                    return True
    return False


def _comparisons(expr: Sequence[Any], chain: Chain, ruleset: Ruleset) -> list[tuple[Any, Any]]:
    """Return what rules compare with what: matches, and the keys of verdict maps and data maps."""
    found: list[tuple[Any, Any]] = []
    for statement in expr:
        if not isinstance(statement, Mapping):
            continue
        kind, detail = next(iter(statement.items()))
        if not isinstance(detail, Mapping):
            continue
        if kind == "match":
            values = _set_of(detail.get("right"), chain, ruleset)
            found += [pair for value in values for pair in _split(detail.get("left"), value)]
        maps = [detail] if kind == "vmap" else []
        maps += [
            value["map"]
            for value in (detail.get("addr"), detail.get("port"))
            if isinstance(value, Mapping) and "map" in value
        ]
        for data in maps:
            pairs, _unused_fixed = ruleset.pairs(chain.key[:2], data.get("data"))
            found += [pair for key, _unused in pairs for pair in _split(data.get("key"), key)]
    return found


def _set_of(right: Any, chain: Chain, ruleset: Ruleset) -> Sequence[Any]:
    return resolve(right, ruleset, chain.key[:2]) or ()


def _split(left: Any, value: Any) -> list[tuple[Any, Any]]:
    if isinstance(left, Mapping) and isinstance(left.get("concat"), list):
        pieces = value.get("concat", ()) if isinstance(value, Mapping) else ()
        return list(zip(left["concat"], pieces))
    return [(left, value)]
