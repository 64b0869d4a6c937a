# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow as the packets that a firewall sees: which hook, which addresses and ports, which
conntrack states.

One flow is several classes of packets: the request, the reply, and for FTP the data connections,
whose ports nobody knows beforehand and which only conntrack's helper ties to the control connection
(nf_conntrack_ftp, RFC 959).
"""

from __future__ import annotations

import dataclasses
from typing import Iterable

from .._model.addresses import FAMILIES, Network, of_family
from .._model.flow import ALLOW, BROADCAST, INBOUND, Flow
from .._model.policy import GATEWAY, Policy
from .._model.ports import PortRange

INGRESS = "ingress"
PREROUTING = "prerouting"
INPUT = "input"
FORWARD = "forward"
OUTPUT = "output"
POSTROUTING = "postrouting"

# The hooks that packets pass, by the hook at which they are told apart (nftables wiki, "Netfilter
# hooks").
PATHS = {
    INPUT: (INGRESS, PREROUTING, INPUT),
    FORWARD: (INGRESS, PREROUTING, FORWARD, POSTROUTING),
    OUTPUT: (OUTPUT, POSTROUTING),
}

NEW = "new"
ESTABLISHED = "established"
RELATED = "related"

REQUEST = "request"
REPLY = "reply"
DATA = "data"

# Ranges up to this width are looked at port by port, so that a rule for one port inside a range is
# seen as what it is.
_SINGLE_PORTS = 64

FTP_HELPER = "ftp"  # the kernel's name of the helper, what `ct helper` matches on a data connection


@dataclasses.dataclass(frozen=True)
class PacketClass:
    """Packets of one flow that a rule either matches all, some or none of.

    Empty `sources`, `destinations`, `iifs` or `oifs` mean any; None for a port means any port.
    `helper` is set for data connections that conntrack ties to a control connection. `to_hosts`
    tells that a gateway takes them from outside to the hosts that it protects, and `also` is a
    further match, in nft's words, that a rule of ours needs at one place.
    """

    policy: str
    flow: str
    kind: str
    hook: str
    family: str
    protocol: str
    state: str
    sport: PortRange | None = None
    dport: PortRange | None = None
    sources: tuple[Network, ...] = ()
    destinations: tuple[Network, ...] = ()
    iifs: tuple[str, ...] = ()
    oifs: tuple[str, ...] = ()
    helper: str = ""
    scope: str = "unicast"
    to_hosts: bool = False
    also: str = ""

    @property
    def tag(self) -> str:
        """What our rules for these packets carry as a comment."""
        return f"{self.policy}/{self.flow}"


def packet_classes(policy: Policy) -> tuple[PacketClass, ...]:
    """Return the packets of all allowed flows of `policy`, in order, a class for each family and
    port range."""
    return tuple(
        item
        for flow in policy.flows
        if flow.action == ALLOW
        for family in FAMILIES
        for item in _of_flow(policy, flow, family)
    )


def _of_flow(policy: Policy, flow: Flow, family: str) -> Iterable[PacketClass]:
    peers = of_family(flow.peer_networks, family)
    hosts = of_family(flow.hosts, family)
    if (flow.peers and not peers) or (flow.hosts and not hosts):
        return  # the flow does not exist in this family
    forward = policy.enforcement == GATEWAY
    towards_us = flow.direction == INBOUND
    there = PacketClass(
        policy=policy.name,
        flow=flow.id,
        kind=REQUEST,
        hook=FORWARD if forward else (INPUT if towards_us else OUTPUT),
        family=family,
        protocol=flow.protocol,
        state=NEW,
        sources=peers if towards_us else hosts,
        destinations=hosts if towards_us else peers,
        iifs=(policy.outside if towards_us else policy.inside) if forward else (),
        oifs=(policy.inside if towards_us else policy.outside) if forward else (),
        scope=flow.scope,
        to_hosts=forward and towards_us,
    )
    back = _reversed(there)
    for ports in (piece for item in flow.ports for piece in _pieces(item)):
        yield dataclasses.replace(there, dport=ports)
        if flow.scope != BROADCAST:
            yield dataclasses.replace(there, dport=ports, state=ESTABLISHED)
            yield dataclasses.replace(back, sport=ports)
    if flow.needs_ftp_helper:
        for item in (there, back):
            for state in (RELATED, ESTABLISHED):
                yield dataclasses.replace(item, kind=DATA, state=state, helper=FTP_HELPER)


def _pieces(ports: PortRange) -> Iterable[PortRange]:
    if len(ports) > _SINGLE_PORTS:
        return (ports,)
    return (PortRange(port, port) for port in range(ports.first, ports.last + 1))


def _reversed(item: PacketClass) -> PacketClass:
    """Return the answers to `item`."""
    opposite = {INPUT: OUTPUT, OUTPUT: INPUT, FORWARD: FORWARD}
    return dataclasses.replace(
        item,
        kind=REPLY,
        hook=opposite[item.hook],
        state=ESTABLISHED,
        sources=item.destinations,
        destinations=item.sources,
        iifs=item.oifs,
        oifs=item.iifs,
        to_hosts=item.hook == FORWARD and not item.to_hosts,
    )
