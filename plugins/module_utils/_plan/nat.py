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

from .._model.addresses import FAMILIES, Network, is_private
from .._model.ports import PortRange
from .chain_walk import ChainWalk, Stop, Translation
from .nat_rules import delivers, named_destinations, nat_chains
from .owners import manager_of
from .packets import POSTROUTING, PREROUTING, PacketClass
from .ruleset import Ruleset
from .seen import ALL, NONE, SOME, Seen

# Stands for an address of the gateway that no rule names: no host has it (RFC 1122 section 3.2.1.3,
# RFC 4291 section 2.5.2).
_UNNAMED = {
    family: ipaddress.ip_network(text) for family, text in zip(FAMILIES, ("0.0.0.0/32", "::/128"))
}
# More ports or addresses than that in one ruleset's NAT are looked at no further.
_CANDIDATES_LIMIT = 512
_LEGACY = "the rules of iptables-legacy"

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
    C(unreadable); `where` names the rule that decides, and `arriving` is as what packets come that
    it sends elsewhere."""

    answer: str
    forwards: tuple[Forward, ...] = ()
    where: str = ""
    arriving: Seen | None = None


def needs_forward(item: PacketClass) -> bool:
    """Tell whether inbound packets can reach the hosts through a port forward only: the hosts are
    private, and peers are not all so (a VPN routes to private addresses)."""
    hosts, peers = item.destinations, item.sources
    return all(map(is_private, hosts)) and not (peers and all(map(is_private, peers)))


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
        named_ports, named_addresses = named_destinations(self._ruleset, item)
        ports = [item.dport, *(port for port in named_ports if port != item.dport)]
        addresses = [_UNNAMED[item.family], *named_addresses]
        too_many = len(ports) * len(addresses) > _CANDIDATES_LIMIT
        if too_many:
            ports, addresses = ports[:1], addresses[:1]
        forwards = []
        unread = "that many rules" if too_many else _LEGACY if self._opaque else ""
        elsewhere: Reading | None = None
        for address in addresses:
            for port in ports:
                seen = _arriving(dataclasses.replace(item, destinations=(address,), dport=port))
                walk = self._walk(seen)
                for translation in walk.possible:
                    if delivers(translation, seen, item, self._ruleset) != NONE:
                        unread = unread or str(translation.place)
                if walk.translation is None:
                    continue
                hit = delivers(walk.translation, seen, item, self._ruleset)
                if hit == ALL:
                    forwards.append(_as_forward(seen.packets))
                elif hit == SOME:
                    unread = unread or str(walk.translation.place)
                elif port == item.dport and elsewhere is None:
                    elsewhere = Reading(ELSEWHERE, (), str(walk.translation.place), seen)
        if forwards:
            return Reading(FOUND, tuple(forwards))
        if unread:
            return Reading(UNREADABLE, (), unread)
        return elsewhere or Reading(MISSING)

    def source_translation(self, item: PacketClass) -> Reading:
        """Return whether the source of new outbound connections is translated: certainly, certainly
        not (missing), or not to be told (unreadable)."""
        seen = Seen(item, POSTROUTING, local=NONE)
        walk = self._walk(seen)
        if walk.translation is not None:
            return Reading(FOUND)
        return Reading(UNREADABLE if walk.possible or self._opaque else MISSING)

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


def _arriving(item: PacketClass) -> Seen:
    """Return packets at the NAT chains of prerouting."""
    unnamed = item.destinations == (_UNNAMED[item.family],)
    return Seen(item, PREROUTING, local=ALL if unnamed else SOME, forwarded=NONE)


def _as_forward(arriving: PacketClass) -> Forward:
    unnamed = arriving.destinations == (_UNNAMED[arriving.family],)
    return Forward(() if unnamed else arriving.destinations, arriving.dport)
