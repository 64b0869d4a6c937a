# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy: the flows of one scenario on one host, owned by us under one name."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Mapping, Sequence

from .addresses import Network, Peer, is_within, parse_network
from .errors import Problem
from .flow import Flow, as_list, parse_flow, parse_identifier
from .ports import PortRange, parse_port
from .problems import Problems, ValueProblem, check_keys, one_of

HOST = "host"
GATEWAY = "gateway"
ENFORCEMENTS = (HOST, GATEWAY)

UNTOUCHED = "untouched"
DENY = "deny"
DEFAULTS = (UNTOUCHED, DENY)

BACKENDS = ("auto", "nftables", "firewalld", "ufw", "iptables")

AUTO = "auto"

# The entries that one may leave out of the baseline. Loopback, established and related traffic,
# ICMP errors, neighbour discovery and the management accept always stay: without them a host is
# lost or half deaf.
OPTIONAL_BASELINE = ("dhcp", "dns", "ntp")

_INTERFACE_LIMIT = 15  # IFNAMSIZ - 1, linux/if.h
_INTERFACE = re.compile(rf"^[A-Za-z0-9._:@-]{{1,{_INTERFACE_LIMIT}}}\Z")
_SSH_PORT = 22


@dataclasses.dataclass(frozen=True)
class Management:
    """A management connection that must stay possible: from `peer` to our TCP port."""

    peer: Network
    port: PortRange

    def covers(self, other: Management) -> bool:
        """Tell whether all connections of `other` are among these."""
        return is_within(other.peer, self.peer) and not other.port.minus(self.port)

    def as_dict(self) -> dict[str, Any]:
        return {"peer": str(self.peer), "port": str(self.port)}


@dataclasses.dataclass(frozen=True)
class Policy:
    """One policy, complete and valid. `management` is what was asked for plus what was found at
    apply; `inside_networks`, behind a gateway's inside, are looked up at each run and not kept."""

    name: str
    flows: tuple[Flow, ...]
    enforcement: str = HOST
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    default_egress: str = UNTOUCHED
    default_ingress: str = UNTOUCHED
    baseline: tuple[str, ...] = OPTIONAL_BASELINE
    management: tuple[Management, ...] = ()
    resolvers: tuple[Network, ...] = ()
    inside_networks: tuple[Network, ...] = ()
    persist: bool = True

    @property
    def denies(self) -> bool:
        return DENY in (self.default_egress, self.default_ingress)

    @property
    def names(self) -> tuple[str, ...]:
        """The host names in peers, each once, in order."""
        return tuple(
            dict.fromkeys(peer.name for flow in self.flows for peer in flow.peers if peer.name)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the policy in the shape of the module's options, so that `parse_policy` reads it
        back."""
        return {
            "name": self.name,
            "flows": [flow.as_dict() for flow in self.flows],
            "enforcement": self.enforcement,
            "interfaces": {"inside": list(self.inside), "outside": list(self.outside)},
            "default_egress": self.default_egress,
            "default_ingress": self.default_ingress,
            "baseline": list(self.baseline),
            "management": [item.as_dict() for item in self.management],
            "persist": self.persist,
        }

    @property
    def resolved(self) -> dict[str, list[str]]:
        """Return the addresses of each host name, as text."""
        return {
            peer.name: [str(network) for network in peer.resolved]
            for flow in self.flows
            for peer in flow.peers
            if peer.name
        }

    def with_facts(
        self,
        addresses: Mapping[str, Sequence[Network]],
        management: Sequence[Management],
        resolvers: Sequence[Network],
    ) -> Policy:
        """Return the policy with what only the target knows: addresses of names, management peers,
        DNS resolvers."""

        def filled(peer: Peer) -> Peer:
            if not peer.name:
                return peer
            return dataclasses.replace(peer, resolved=tuple(addresses[peer.name]))

        flows = tuple(
            dataclasses.replace(flow, peers=tuple(filled(peer) for peer in flow.peers))
            for flow in self.flows
        )
        return dataclasses.replace(
            self, flows=flows, management=tuple(management), resolvers=tuple(resolvers)
        )


def parse_policy(params: Mapping[str, Any]) -> Policy:
    """Read the module's parameters; those that do not describe the policy are ignored.

    Raises `InputError` with every problem. C(management: auto) is left empty: the target fills it
    in.
    """
    policy, problems = _read(params)
    problems.raise_if_any()
    if policy is None:
        raise AssertionError("a policy without problems is read")
    return policy


def policy_problems(params: Mapping[str, Any]) -> list[Problem]:
    """Return every problem of the module's parameters."""
    return _read(params)[1].found


def _read(params: Mapping[str, Any]) -> tuple[Policy | None, Problems]:
    problems = Problems()
    name = ""
    with problems.at("name"):
        name = parse_identifier(params.get("name"))
    choices: dict[str, Any] = {}
    for field, allowed, default in (
        ("enforcement", ENFORCEMENTS, HOST),
        ("default_egress", DEFAULTS, UNTOUCHED),
        ("default_ingress", DEFAULTS, UNTOUCHED),
    ):
        with problems.at(field):
            choices[field] = one_of(params.get(field) or default, allowed)
    enforcement = choices.get("enforcement", HOST)
    flows = _read_flows(params.get("flows"), enforcement, problems)
    inside, outside = _read_interfaces(params.get("interfaces"), enforcement, problems)
    baseline = params.get("baseline")
    entries = OPTIONAL_BASELINE if baseline is None else tuple(baseline)
    for entry in entries:
        with problems.at("baseline"):
            one_of(entry, OPTIONAL_BASELINE)
    management = _read_management(params.get("management"), problems)
    if problems.found:
        return None, problems
    persist = params.get("persist")
    return (
        Policy(
            name=name,
            flows=flows,
            inside=inside,
            outside=outside,
            baseline=entries,
            management=management,
            persist=persist is None or bool(persist),
            **choices,
        ),
        problems,
    )


def _read_flows(value: Any, enforcement: str, problems: Problems) -> tuple[Flow, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        problems.add("flows", f"{value!r} is not a list of flows")
        return ()
    flows = []
    seen: dict[str, int] = {}
    for position, item in enumerate(value, start=1):
        flow = parse_flow(item, position, enforcement, problems)
        if flow is not None:
            flows.append(flow)
        identifier = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(identifier, str):
            if identifier in seen:
                problems.add(
                    f"flow {identifier}, id",
                    f"flows number {seen[identifier]} and {position} have the same id",
                )
            seen.setdefault(identifier, position)
    return tuple(flows)


def _read_interfaces(
    value: Any, enforcement: str, problems: Problems
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    given = value or {}
    if not isinstance(given, Mapping):
        problems.add("interfaces", f"{value!r} is not a mapping with inside and outside")
        return (), ()
    check_keys(problems, "interfaces", dict(given), ("inside", "outside"))
    sides = []
    for side in ("inside", "outside"):
        names = as_list(given.get(side))
        for name in names:
            with problems.at(f"interfaces, {side}"):
                _check_interface(name)
        if enforcement == GATEWAY and not names:
            problems.add(f"interfaces, {side}", "a gateway needs at least one interface here")
        sides.append(tuple(dict.fromkeys(str(name) for name in names)))
    for name in sorted(set(sides[0]) & set(sides[1])):
        problems.add("interfaces", f"{name!r} is both inside and outside")
    return sides[0], sides[1]


def _check_interface(name: Any) -> None:
    if not isinstance(name, str) or _INTERFACE.match(name) is None:
        raise ValueProblem(
            f"{name!r} is no interface name: up to {_INTERFACE_LIMIT} letters, digits, . _ - : @"
        )


def _read_management(value: Any, problems: Problems) -> tuple[Management, ...]:
    if value is None or value == AUTO or value == [AUTO]:
        return ()
    if not isinstance(value, (list, tuple)):
        problems.add("management", f"{value!r} is neither auto nor a list of peer and port")
        return ()
    found = []
    for position, item in enumerate(value, start=1):
        where = f"management number {position}"
        if not isinstance(item, Mapping):
            problems.add(where, f"{item!r} is not a mapping with peer and port")
            continue
        check_keys(problems, where, dict(item), ("peer", "port"))
        with problems.at(f"{where}, peer"):
            peer = parse_network(item.get("peer"))
            with problems.at(f"{where}, port"):
                port = item.get("port")
                found.append(Management(peer, parse_port(_SSH_PORT if port is None else port)))
    return tuple(found)
