# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow: one line of the vendor's table made precise, as seen from the host that needs it."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Iterable, Mapping

from .addresses import Network, Peer, family_of, parse_network, parse_peer
from .ports import PortRange, parse_port, sorted_disjoint
from .problems import Problems, ValueProblem, check_keys, one_of

OUTBOUND = "outbound"
INBOUND = "inbound"
DIRECTIONS = (OUTBOUND, INBOUND)
PROTOCOLS = ("tcp", "udp")

UNICAST = "unicast"
BROADCAST = "broadcast"
SCOPES = (UNICAST, BROADCAST)

ALLOW = "allow"
BLOCK = "block"
ACTIONS = (ALLOW, BLOCK)

FTP_SERVICE = "ftp"

FIELDS = (
    "id",
    "direction",
    "protocol",
    "ports",
    "peers",
    "hosts",
    "service",
    "purpose",
    "impact",
    "scope",
    "action",
)

# An id becomes part of an nftables comment (at most 128 bytes) and of file names.
_IDENTIFIER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}\Z")


def parse_identifier(value: Any) -> str:
    """Read a name of ours: a letter or digit, then letters, digits, ``_``, ``.`` and ``-``, 48 at
    most."""
    if not isinstance(value, str) or _IDENTIFIER.match(value) is None:
        raise ValueProblem(
            f"{value!r} is not a name of 1 to 48 letters, digits, '_', '.' or '-' that starts with"
            " a letter or digit"
        )
    return value


@dataclasses.dataclass(frozen=True)
class Flow:
    """One flow.

    `peers` are the far ends (empty: any). `hosts` are the protected hosts behind a gateway (empty:
    all inside). `scope` C(broadcast) means packets to broadcast and multicast destinations only;
    `action` C(block) exists for that scope alone.
    """

    id: str
    direction: str
    protocol: str
    ports: tuple[PortRange, ...]
    peers: tuple[Peer, ...] = ()
    hosts: tuple[Network, ...] = ()
    service: str = ""
    purpose: str = ""
    impact: str = ""
    scope: str = UNICAST
    action: str = ALLOW

    @property
    def needs_ftp_helper(self) -> bool:
        """FTP announces its data ports inside the control channel: only a connection tracking
        helper reads them."""
        return self.service == FTP_SERVICE and self.protocol == "tcp" and self.action == ALLOW

    @property
    def peer_networks(self) -> tuple[Network, ...]:
        return tuple(network for peer in self.peers for network in peer.networks)

    def as_dict(self) -> dict[str, Any]:
        """Return the flow in the shape of the module's option, so that `parse_flow` reads it
        back."""
        return {
            "id": self.id,
            "direction": self.direction,
            "protocol": self.protocol,
            "ports": [str(item) for item in self.ports],
            "peers": [str(item) for item in self.peers],
            "hosts": [str(item) for item in self.hosts],
            "service": self.service,
            "purpose": self.purpose,
            "impact": self.impact,
            "scope": self.scope,
            "action": self.action,
        }


def parse_flow(value: Any, position: int, enforcement: str, problems: Problems) -> Flow | None:
    """Read one flow; return None after recording every problem of it, each with the flow's id and
    the field."""
    if not isinstance(value, Mapping):
        problems.add(f"flow number {position}", f"{value!r} is not a mapping with id, ports, ...")
        return None
    shown = value.get("id")
    where = f"flow {shown}" if shown else f"flow number {position}"
    before = len(problems.found)
    check_keys(problems, where, dict(value), FIELDS)
    fields: dict[str, Any] = {}
    with problems.at(f"{where}, id"):
        fields["id"] = parse_identifier(value.get("id"))
    for field, allowed, default in (
        ("direction", DIRECTIONS, None),
        ("protocol", PROTOCOLS, None),
        ("scope", SCOPES, UNICAST),
        ("action", ACTIONS, ALLOW),
    ):
        with problems.at(f"{where}, {field}"):
            given = value.get(field)
            fields[field] = one_of(default if given is None else given, allowed)
    fields["ports"] = _parse_ports(value.get("ports"), f"{where}, ports", problems)
    fields["peers"] = tuple(_parse_each(value, "peers", parse_peer, where, problems))
    fields["hosts"] = tuple(_parse_each(value, "hosts", parse_network, where, problems))
    for field in ("service", "purpose", "impact"):
        fields[field] = str(value.get(field) or "")
    if len(problems.found) == before:
        _check_sense(fields, where, enforcement, problems)
    return Flow(**fields) if len(problems.found) == before else None


def as_list(value: Any) -> list[Any]:
    """Return a list option as a list: nothing for None, and a single value as its only item."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _parse_ports(value: Any, where: str, problems: Problems) -> tuple[PortRange, ...]:
    ranges = []
    complete = True
    for item in as_list(value):
        try:
            ranges.append(parse_port(item))
        except ValueProblem as problem:
            problems.add(where, str(problem))
            complete = False
    if not ranges and complete:
        problems.add(where, "a flow needs at least one port")
    with problems.at(where):
        return sorted_disjoint(ranges)
    return ()


def _parse_each(
    value: Mapping[str, Any], field: str, parse: Any, where: str, problems: Problems
) -> Iterable[Any]:
    for item in as_list(value.get(field)):
        with problems.at(f"{where}, {field}"):
            yield parse(item)


def _check_sense(fields: dict[str, Any], where: str, enforcement: str, problems: Problems) -> None:
    """Record combinations that are right field by field and make no sense together."""
    if fields["hosts"] and enforcement != "gateway":
        problems.add(
            f"{where}, hosts", "only enforcement: gateway protects other hosts, leave it out here"
        )
    if fields["direction"] == INBOUND and enforcement == "gateway" and not fields["hosts"]:
        problems.add(
            f"{where}, hosts", "an inbound flow through a gateway must name the hosts it opens"
        )
    if fields["action"] == BLOCK and fields["scope"] != BROADCAST:
        problems.add(f"{where}, action", "block is possible for scope: broadcast only")
    if fields["scope"] == BROADCAST:
        if enforcement == "gateway":
            problems.add(f"{where}, scope", "a gateway does not forward broadcasts, use host")
        if fields["direction"] != OUTBOUND or fields["protocol"] != "udp":
            problems.add(f"{where}, scope", "a broadcast flow is outbound and udp")
        if fields["peers"]:
            problems.add(f"{where}, peers", "a broadcast flow has no peers")
    literal = {family_of(peer.network) for peer in fields["peers"] if peer.network is not None}
    names = any(peer.network is None for peer in fields["peers"])
    hosts = {family_of(network) for network in fields["hosts"]}
    if literal and hosts and not names and not literal & hosts:
        problems.add(
            f"{where}, peers",
            f"address families do not meet: peers are {', '.join(sorted(literal))} and hosts are"
            f" {', '.join(sorted(hosts))}",
        )
