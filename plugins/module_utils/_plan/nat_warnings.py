# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about a gateway's NAT, each with the command that mends it. It is printed and never run:
NAT is read and never written.

A port forward is missed where the hosts of an inbound flow are private (RFC 1918, RFC 6598, RFC
4193) and its peers are not: hosts with public addresses need none, and private peers come by a
route (a VPN, another site). Source translation is missed for private IPv4 hosts whose flows go to
the internet; hosts with a unique local IPv6 address commonly have a global one, too.
"""

from __future__ import annotations

import dataclasses
from typing import Iterable, Sequence

from .._model.addresses import IPV4, Network, internet, is_private, of_family
from .._model.policy import GATEWAY, Policy
from .._model.ports import PortRange
from .chain_walk import Stop
from .nat import ELSEWHERE, FOUND, MISSING, NatReader, Reading, needs_forward
from .packets import NEW, POSTROUTING, PREROUTING, REQUEST, PacketClass, packet_classes
from .render import addresses_match, braced, interfaces_match, joined, merged_ports, ports_match

_NEVER = "NAT is never written here: run this, and keep it in the gateway's own ruleset file:"


def nat_warnings(policies: Sequence[Policy], nat: NatReader) -> tuple[str, ...]:
    """Return what the gateway's NAT lacks for the flows of `policies`."""
    gateways = [policy for policy in policies if policy.enforcement == GATEWAY]
    return tuple(
        text for policy in gateways for text in (*_inbound(policy, nat), *_outbound(policy, nat))
    )


def _new_connections(policy: Policy, inbound: bool) -> Iterable[PacketClass]:
    for item in packet_classes(policy):
        if item.kind == REQUEST and item.state == NEW and item.to_hosts == inbound:
            yield item


def _inbound(policy: Policy, nat: NatReader) -> Iterable[str]:
    """One warning for each flow, family and reason, with all ports that it is about."""
    groups: dict[tuple[PacketClass, Reading, Stop | None], list[PortRange]] = {}
    for item in _new_connections(policy, inbound=True):
        if not needs_forward(item) or item.dport is None:
            continue
        reading = nat.port_forward(item)
        if reading.answer != FOUND:
            place = nat.place_for_rule(reading, item, PREROUTING)
            reading = dataclasses.replace(reading, arriving=None)
            blank = dataclasses.replace(item, dport=None)
            groups.setdefault((blank, reading, place), []).append(item.dport)
    for (item, reading, place), ports in groups.items():
        yield _forward_warning(item, reading, place, ports)


def _forward_warning(
    item: PacketClass, reading: Reading, place: Stop | None, ports: Sequence[PortRange]
) -> str:
    hosts = " or ".join(map(str, map(_address, item.destinations)))
    what = f"{item.protocol} port {', '.join(map(str, merged_ports(ports)))}"
    arrives = f"{what} that arrives on {' or '.join(item.iifs)}"
    if reading.answer == MISSING:
        finding = f"no NAT rule of this gateway forwards {arrives} to {hosts}"
    elif reading.answer == ELSEWHERE:
        finding = f"{reading.where} forwards {arrives} elsewhere and not to {hosts}"
    else:
        finding = (
            f"whether {arrives} is forwarded to {hosts} could not be read from {reading.where}"
        )
    command = _forward_command(item, place, ports)
    if reading.answer == ELSEWHERE and place is None:
        return (
            f"{item.tag}: {finding}. It is private, so that peers reach it by a port forward only."
            " NAT is never written here: change the forward with the tool that manages it."
        )
    doubt = "" if reading.answer in (MISSING, ELSEWHERE) else "If it is not: "
    return (
        f"{item.tag}: {finding}. It is private, so that peers reach it by a port forward only;"
        f" peers that have a route to it, by a VPN for example, are named in peers. {doubt}{_NEVER}"
        f" {command}"
    )


def _address(network: Network) -> object:
    single = network.prefixlen == network.max_prefixlen
    return network.network_address if single else network


def _forward_command(item: PacketClass, place: Stop | None, ports: Sequence[PortRange]) -> str:
    first = item.destinations[0]
    single = first.prefixlen == first.max_prefixlen
    host = str(first.network_address) if single else f"HOST_IN_{first}"
    rule = joined(
        interfaces_match("iifname", item.iifs),
        "fib daddr type local",
        ports_match(item.protocol, "dport", ports),
    )
    family = "ip" if item.family == IPV4 else "ip6"
    statement = "dnat to" if place is None or place.family == family else f"dnat {family} to"
    return _command(place, family, "port_forwards", PREROUTING, f"{rule} {statement} {host}")


def _command(place: Stop | None, family: str, table: str, hook: str, rule: str) -> str:
    """Return shell commands that add a NAT rule: to the chain at `place`, or to a new one."""
    if place is None:
        priority = "dstnat" if hook == PREROUTING else "srcnat"
        return (
            f"nft add table {family} {table} &&"
            f" nft 'add chain {family} {table} {hook}"
            f" {{ type nat hook {hook} priority {priority}; }}' &&"
            f" nft 'add rule {family} {table} {hook} {rule}'"
        )
    chain = f"{place.family} {place.table} {place.chain}"
    if place.handle:
        return f"nft 'insert rule {chain} handle {place.handle} {rule}'"
    return f"nft 'add rule {chain} {rule}'"


def _outbound(policy: Policy, nat: NatReader) -> Iterable[str]:
    """One warning for the hosts whose packets leave untranslated, with all flows that it is
    about."""
    flows: dict[tuple[tuple[Network, ...], Stop | None], list[str]] = {}
    for item in _new_connections(policy, inbound=False):
        sources = item.sources or of_family(policy.inside_networks, item.family)
        peers = tuple(peer for peer in item.destinations if not is_private(peer))
        if item.family != IPV4 or not sources or not all(map(is_private, sources)):
            continue
        if item.destinations and not peers:
            continue
        sent = dataclasses.replace(
            item, sources=sources, destinations=peers or internet(item.family)
        )
        exits = [dataclasses.replace(sent, oifs=(oif,)) for oif in item.oifs]
        readings = [nat.source_translation(one) for one in exits]
        if all(reading.answer == MISSING for reading in readings):
            place = nat.place_for_rule(readings[0], exits[0], POSTROUTING)
            flows.setdefault((sources, place), []).append(item.flow)
    for (sources, place), names in flows.items():
        match = joined(
            addresses_match("saddr", sources, IPV4), interfaces_match("oifname", policy.outside)
        )
        command = _command(place, "ip", "source_nat", POSTROUTING, f"{match} masquerade")
        yield (
            f"{policy.name}: no NAT rule of this gateway translates the source of packets from"
            f" {braced(sources)} that leave by {' or '.join(policy.outside)}. The addresses are"
            " private, so that no answer comes back from the internet"
            f" ({', '.join(dict.fromkeys(names))}), unless a router further out translates them."
            f" {_NEVER} {command}"
        )
