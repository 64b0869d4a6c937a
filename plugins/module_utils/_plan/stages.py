# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What packets of a flow look like at each base chain on their way, and what a rule of ours may
match there.

A gateway's NAT changes addresses on the way: a port forward in prerouting at priority -100, the
source in postrouting at 100 (linux/netfilter_ipv4.h, enum nf_ip_hook_priorities; NAT chains work
there whatever their own priority is). Before prerouting's -100 a forwarded packet still has the
gateway's own address and the outside port, not the host's. Before -200 conntrack has not seen a
packet at all.
"""

from __future__ import annotations

import dataclasses
from typing import Iterable

from .nat import ELSEWHERE, FOUND, MISSING, Forward, NatReader, needs_forward
from .packets import (
    DATA,
    FORWARD,
    INGRESS,
    INPUT,
    NEW,
    OUTPUT,
    POSTROUTING,
    PREROUTING,
    RELATED,
    REQUEST,
    PacketClass,
)
from .render import addresses_match
from .ruleset import Chain
from .seen import ALL, NONE, SOME, Seen

CONNTRACK_PRIORITY = -200
DNAT_PRIORITY = -100
SNAT_PRIORITY = 100

_LOCAL = "fib daddr type local"
_NOT_LOCAL = "fib daddr type != local"
_UNREAD = (
    "packets have other addresses there than in the flow, and their port forward cannot be read"
)


def seen_at(item: PacketClass, chain: Chain, nat: NatReader) -> tuple[Seen, ...]:
    """Return as what the packets of `item` come to a base chain on their way: nothing when the
    chain does not see them, several where they can look different."""
    priority = chain.priority
    if chain.type == "nat":
        if item.state not in (NEW, RELATED):
            return ()  # NAT chains see the first packet of a connection only
        priority = {PREROUTING: DNAT_PRIORITY - 1, POSTROUTING: SNAT_PRIORITY - 1}.get(
            chain.hook, priority
        )
    if item.hook == FORWARD:
        found = tuple(_forwarded(item, chain, priority, nat))
    else:
        local = ALL if item.hook == INPUT else NONE
        found = (Seen(item, chain.hook, local=local),)
    return tuple(_restricted(seen, chain, priority) for seen in dict.fromkeys(found))


def _forwarded(item: PacketClass, chain: Chain, priority: int, nat: NatReader) -> Iterable[Seen]:
    """Return forwarded packets before and behind NAT; both where a chain has NAT's own priority."""
    there = Seen(item, chain.hook, local=NONE, forwarded=_port_forwarded(item, nat))
    if chain.hook in (INGRESS, PREROUTING):
        early = dataclasses.replace(item, oifs=())
        there = dataclasses.replace(there, packets=early)
        if not item.to_hosts and item.kind == REQUEST and not item.destinations:
            # Without a destination a rule of ours would open the gateway's own ports, too.
            there = dataclasses.replace(there, also=_NOT_LOCAL)
        if chain.hook == INGRESS or priority <= DNAT_PRIORITY:
            yield from _before_dnat(there, item, nat)
        if chain.hook == PREROUTING and priority >= DNAT_PRIORITY:
            yield there
    elif chain.hook == POSTROUTING and not item.to_hosts:
        if priority <= SNAT_PRIORITY:
            yield there
        if priority >= SNAT_PRIORITY:
            yield from _behind_snat(there, nat)
    else:
        yield there


def _port_forwarded(item: PacketClass, nat: NatReader) -> str:
    """Answer whether a port forward has changed the destination of the connection."""
    request = _inbound_request(item)
    if request is None or not needs_forward(request):
        return SOME
    return {FOUND: ALL, MISSING: NONE, ELSEWHERE: NONE}.get(nat.port_forward(request).answer, SOME)


def _inbound_request(item: PacketClass) -> PacketClass | None:
    """Return the class of new inbound connections that `item` belongs to, if it does to one."""
    if item.kind == DATA:
        return None
    if item.kind == REQUEST:
        return dataclasses.replace(item, state=NEW) if item.to_hosts else None
    if item.to_hosts:
        return None
    return dataclasses.replace(
        item,
        kind=REQUEST,
        state=NEW,
        sport=None,
        dport=item.sport,
        sources=item.destinations,
        destinations=item.sources,
        iifs=item.oifs,
        oifs=item.iifs,
        to_hosts=True,
    )


def _before_dnat(there: Seen, item: PacketClass, nat: NatReader) -> Iterable[Seen]:
    there = dataclasses.replace(there, forwarded=NONE)
    if not item.to_hosts:
        yield there
    elif item.kind != REQUEST:
        # Answers to translated connections come to the gateway's address, all others to the hosts'.
        anywhere = dataclasses.replace(there.packets, destinations=())
        yield dataclasses.replace(there, packets=anywhere, local=SOME)
    elif not needs_forward(item):
        yield there
    else:
        reading = nat.port_forward(dataclasses.replace(item, state=NEW))
        for forward in reading.forwards:
            yield _arriving(there, forward)
        if reading.answer in (MISSING, ELSEWHERE):
            yield there  # without a port forward the hosts' own addresses are the only way in
        elif reading.answer != FOUND:
            unknown = dataclasses.replace(there.packets, destinations=(), dport=None)
            yield dataclasses.replace(
                there,
                packets=unknown,
                local=SOME,
                refused=_UNREAD,
            )


def _arriving(there: Seen, forward: Forward) -> Seen:
    packets = dataclasses.replace(
        there.packets, destinations=forward.destinations, dport=forward.dport
    )
    if forward.destinations:
        return dataclasses.replace(there, packets=packets, local=SOME)
    return dataclasses.replace(there, packets=packets, local=ALL, also=_LOCAL)


def _behind_snat(there: Seen, nat: NatReader) -> Iterable[Seen]:
    """The source may be the gateway's address now, and the port of answers the one outside;
    conntrack still knows the host's."""
    item = there.packets
    anywhere = dataclasses.replace(item, sources=())
    request = _inbound_request(item)
    if item.kind == REQUEST and item.sources:
        also = "ct original " + addresses_match("saddr", item.sources, item.family)
        yield dataclasses.replace(there, packets=anywhere, also=also)
    elif request is None or not needs_forward(request):
        yield dataclasses.replace(there, packets=anywhere)
    else:
        reading = nat.port_forward(request)
        for forward in reading.forwards:
            answers = dataclasses.replace(anywhere, sport=forward.dport)
            yield dataclasses.replace(there, packets=answers)
        if reading.answer in (MISSING, ELSEWHERE):
            yield there
        elif reading.answer != FOUND:
            answers = dataclasses.replace(anywhere, sport=None)
            yield dataclasses.replace(there, packets=answers, refused=_UNREAD)


def _restricted(seen: Seen, chain: Chain, priority: int) -> Seen:
    """Take in what a rule of ours cannot do at this place."""
    refused = seen.refused
    tracked = ALL
    if seen.hook == INGRESS:
        tracked = NONE
        refused = "a rule there comes before connection tracking and every other hook"
    elif seen.hook in (PREROUTING, OUTPUT) and priority <= CONNTRACK_PRIORITY:
        tracked = NONE if priority < CONNTRACK_PRIORITY else SOME
        if seen.packets.kind != REQUEST:
            refused = refused or (
                "before connection tracking answers and data connections cannot be told from other"
                " packets"
            )
    if chain.type == "nat":
        refused = "it is a NAT chain, and NAT is read and never written"
    return dataclasses.replace(seen, tracked=tracked, stateless=tracked != ALL, refused=refused)
