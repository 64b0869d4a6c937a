# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a gateway's NAT: does a port forward bring an inbound flow to its host, is the source of an
outbound one translated? Nothing here, and nothing anywhere in this collection, writes NAT.

NAT rules see the first packet of a connection only, and of several NAT chains the first that
translates wins (nf_nat_inet_fn()). What cannot be read (a rule of iptables, a set that packets
fill) is an answer of its own, never "missing".
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Any, Iterable, Mapping, Sequence

from .._model.addresses import FAMILIES, IPV4, Network, family_of
from .._model.ports import PortRange
from .chain_walk import ChainWalk, Stop, Translation, is_spread
from .match import family_sees, match_values, resolve
from .owners import manager_of
from .packets import POSTROUTING, PREROUTING, PacketClass
from .ruleset import Chain, Ruleset
from .seen import ALL, NONE, SOME, Seen
from .values import networks, port_range

# Not routed on the internet: RFC 1918, RFC 6598 and RFC 4193.
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# Further ranges of IPv4 that no host on the internet has (RFC 6890).
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
# Stands for an address of the gateway that no rule names: no host has it (RFC 1122 section 3.2.1.3,
# RFC 4291 section 2.5.2).
_UNNAMED = {
    family: ipaddress.ip_network(text) for family, text in zip(FAMILIES, ("0.0.0.0/32", "::/128"))
}
# More ports or addresses than that in one ruleset's NAT are looked at no further.
_CANDIDATES_LIMIT = 512

FOUND = "found"
MISSING = "missing"
ELSEWHERE = "elsewhere"
UNREADABLE = "unreadable"


@dataclasses.dataclass(frozen=True)
class Forward:
    """A way in: packets that arrive at port `dport` of `destinations` (empty: of any address of the
    gateway) are sent on to the host and port of the flow."""

    destinations: tuple[Network, ...]
    dport: PortRange | None


@dataclasses.dataclass(frozen=True)
class Reading:
    """What NAT does to new connections of one class: C(found), C(missing), C(elsewhere) or
    C(unreadable), the rule that decides, if one does, and as what packets arrive that it sends
    elsewhere."""

    answer: str
    forwards: tuple[Forward, ...] = ()
    place: Stop | None = None
    arriving: Seen | None = None


@dataclasses.dataclass(frozen=True)
class _Target:
    """Where a NAT statement sends packets: `addresses` and `ports` (None: the port stays). `whole`
    tells that a network is mapped on another one, address by address."""

    addresses: tuple[Network, ...]
    ports: PortRange | None = None
    whole: bool = False


def is_private(network: Network) -> bool:
    """Tell whether no router of the internet has a route to the addresses."""
    return any(_within(network, item) for item in _PRIVATE)


def _within(inner: Any, outer: Any) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))


def needs_forward(item: PacketClass) -> bool:
    """Tell whether inbound packets can reach the hosts through a port forward only: the hosts are
    private, and peers are not all so (a VPN routes to private addresses)."""
    hosts, peers = item.destinations, item.sources
    return all(map(is_private, hosts)) and not (peers and all(map(is_private, peers)))


def internet(family: str) -> tuple[Network, ...]:
    """Return the IPv4 addresses that are routed on the internet, or nothing (any) for IPv6."""
    if family != IPV4:
        return ()
    left: list[Any] = [ipaddress.ip_network("0.0.0.0/0")]
    for hole in (*_PRIVATE, *_SPECIAL):
        if hole.version == 4:
            left = [part for network in left for part in _without(network, hole)]
    return tuple(sorted(left))


def _without(network: Any, hole: Any) -> Iterable[Any]:
    if not network.overlaps(hole):
        return (network,)
    return () if network.subnet_of(hole) else network.address_exclude(hole)


def nat_chains(ruleset: Ruleset, hook: str, item: PacketClass) -> list[Chain]:
    """Return the NAT chains that packets of the class meet, in order."""
    return [
        chain
        for chain in ruleset.base_chains(hook)
        if chain.type == "nat" and family_sees(chain.family, item)
    ]


class NatReader:
    """Reads the NAT of one ruleset. `opaque` tells that there is NAT that nft does not show
    (iptables-legacy)."""

    def __init__(self, ruleset: Ruleset, opaque: bool = False) -> None:
        self._ruleset = ruleset
        self._opaque = opaque
        self._readings: dict[PacketClass, Reading] = {}

    def port_forward(self, item: PacketClass) -> Reading:
        """Return whether NAT brings new inbound connections of `item`, as the forward hook has
        them, to one of its hosts: for one of its interfaces at least."""
        readings = [
            self._cached(dataclasses.replace(item, policy="", flow="", iifs=(iif,), oifs=()))
            for iif in item.iifs
        ]
        order = (FOUND, UNREADABLE, ELSEWHERE, MISSING)
        best = min(readings, key=lambda reading: order.index(reading.answer))
        forwards = (forward for reading in readings for forward in reading.forwards)
        return dataclasses.replace(best, forwards=tuple(dict.fromkeys(forwards)))

    def _cached(self, item: PacketClass) -> Reading:
        if item not in self._readings:
            self._readings[item] = self._forward_for(item)
        return self._readings[item]

    def _forward_for(self, item: PacketClass) -> Reading:
        """A port forward may change the port and the address, so each port and address that NAT
        rules name is tried as the one that packets arrive at."""
        named_ports, named_addresses = self._named(item)
        ports = [item.dport, *(port for port in named_ports if port != item.dport)]
        addresses = [_UNNAMED[item.family], *named_addresses]
        too_many = len(ports) * len(addresses) > _CANDIDATES_LIMIT
        if too_many:
            ports, addresses = ports[:1], addresses[:1]
        forwards = []
        unread: Stop | None = None
        elsewhere: Reading | None = None
        for address in addresses:
            for port in ports:
                seen = _arriving(dataclasses.replace(item, destinations=(address,), dport=port))
                walk = self._walk(seen)
                for translation in walk.possible:
                    if self._delivers(translation, seen, item) != NONE:
                        unread = unread or translation.place
                if walk.translation is None:
                    continue
                hit = self._delivers(walk.translation, seen, item)
                if hit == ALL:
                    forwards.append(_as_forward(seen.packets))
                elif hit == SOME:
                    unread = unread or walk.translation.place
                elif port == item.dport and elsewhere is None:
                    elsewhere = Reading(ELSEWHERE, (), walk.translation.place, seen)
        if forwards:
            return Reading(FOUND, tuple(forwards))
        if unread or self._opaque or too_many:
            return Reading(UNREADABLE, (), unread)
        return elsewhere or Reading(MISSING)

    def source_translation(self, item: PacketClass) -> Reading:
        """Return whether the source of new outbound connections is translated: certainly, certainly
        not (missing), or not to be told (unreadable)."""
        seen = Seen(item, POSTROUTING, local=NONE)
        walk = self._walk(seen)
        if walk.translation is not None:
            return Reading(FOUND, (), walk.translation.place)
        if walk.possible or self._opaque:
            return Reading(UNREADABLE, (), walk.possible[0].place if walk.possible else None)
        return Reading(MISSING)

    def place_for_rule(self, reading: Reading, item: PacketClass, hook: str) -> Stop | None:
        """Return before which rule of which NAT chain a further rule for `item` would work, handle
        0 for the chain's end, or None when no chain can take it: there is none, or a tool manages
        it."""
        seen = reading.arriving or _arriving(
            dataclasses.replace(item, destinations=(_UNNAMED[item.family],))
        )
        if hook == POSTROUTING:
            seen = Seen(item, POSTROUTING, local=NONE)
        for chain in nat_chains(self._ruleset, hook, item):
            walk = ChainWalk(seen, self._ruleset)
            walk.through(chain)
            if not manager_of(chain.key[:2], self._ruleset):
                return Stop(*chain.key, handle=walk.left_by.handle if walk.left_by else 0)
            if walk.translation is not None:
                return None
        return None

    def _walk(self, seen: Seen) -> ChainWalk:
        """Walk the NAT chains up to the first that translates."""
        possible: list[Translation] = []
        walk = ChainWalk(seen, self._ruleset)
        for chain in nat_chains(self._ruleset, seen.hook, seen.packets):
            walk = ChainWalk(seen, self._ruleset)
            stopped = walk.through(chain)
            possible += walk.possible
            if walk.translation is not None or stopped is not None:
                break
        walk.possible = possible
        return walk

    def _named(self, item: PacketClass) -> tuple[list[PortRange], list[Network]]:
        """Return the ports and addresses that rules name as the destination of packets, in all
        tables with a NAT chain."""
        tables = {chain.key[:2] for chain in nat_chains(self._ruleset, PREROUTING, item)}
        found: list[tuple[Any, Any]] = []
        chains = [chain for chain in self._ruleset.chains.values() if chain.key[:2] in tables]
        for chain in chains:
            for rule in chain.rules:
                found += _comparisons(rule.expr, chain, self._ruleset)
        if not any(_changes_ports(chain, self._ruleset) for chain in chains):
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

    def _delivers(self, translation: Translation, seen: Seen, item: PacketClass) -> str:
        """Answer whether a translation sends the packets to a host and port of `item`."""
        if translation.kind in ("redirect", "masquerade", "snat"):
            return NONE
        targets = self._targets(translation, seen)
        if targets is None:
            return SOME
        answers = {_hits(target, seen.packets.dport, item) for target in targets}
        return answers.pop() if len(answers) == 1 else (SOME if answers else NONE)

    def _targets(self, translation: Translation, seen: Seen) -> list[_Target] | None:
        """Return where a dnat statement may send the packets, or None when it cannot be read."""
        detail = translation.detail
        if translation.kind != "dnat" or not isinstance(detail, Mapping):
            return None
        table = translation.place.table_key
        found = self._values(detail.get("addr"), seen, table)
        ports = self._values(detail.get("port"), seen, table)
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

    def _values(self, value: Any, seen: Seen, table: tuple[str, str]) -> list[Any] | None:
        """Return the possible values of an operand: itself, or what a map has for the packets."""
        if not (isinstance(value, Mapping) and "map" in value):
            return [value]
        data = value["map"]
        pairs, fixed = self._ruleset.pairs(table, data.get("data"))
        if not fixed:
            return None
        spread = is_spread(data.get("key"))
        return [
            found
            for key, found in pairs
            if spread or match_values(data.get("key"), [key], seen) != NONE
        ]


def _arriving(item: PacketClass) -> Seen:
    """Return packets at the NAT chains of prerouting."""
    unnamed = item.destinations == (_UNNAMED[item.family],)
    return Seen(item, PREROUTING, local=ALL if unnamed else SOME, forwarded=NONE)


def _as_forward(arriving: PacketClass) -> Forward:
    unnamed = arriving.destinations == (_UNNAMED[arriving.family],)
    return Forward(() if unnamed else arriving.destinations, arriving.dport)


def _hits(target: _Target, arrived: PortRange | None, item: PacketClass) -> str:
    """Answer whether a target is one of the hosts, at the port of the flow."""
    if not target.addresses:
        return NONE  # only the port is changed: the gateway itself
    inside = [any(_within(net, host) for host in item.destinations) for net in target.addresses]
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
