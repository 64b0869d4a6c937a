# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers and protected hosts: networks of either family, or names that the target resolves when it
applies."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import Any, Iterable, Union

from .problems import ValueProblem

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

IPV4 = "ipv4"
IPV6 = "ipv6"
FAMILIES = (IPV4, IPV6)

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

# RFC 1123 section 2.1; an all-numeric last label would be an address with a typing error in it.
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"^(?=.{{1,253}}\.?\Z)({_LABEL}\.)*(?=[^.]*[A-Za-z])({_LABEL})\.?\Z")


def family_of(network: Network) -> str:
    """Return C(ipv4) or C(ipv6)."""
    return IPV4 if network.version == 4 else IPV6


def looks_like_name(value: str) -> bool:
    return _NAME.match(value) is not None


def parse_network(value: Any) -> Network:
    """Read an address or a network in CIDR notation.

    Raises `ValueProblem` for a name, for host bits (10.0.0.5/24) and for anything else.
    """
    if not isinstance(value, str):
        raise ValueProblem(f"{value!r} is not an address or a network such as 192.0.2.0/24")
    if "%" in value:
        raise ValueProblem(f"{value!r} has a zone, and a rule has none: leave out what follows %")
    try:
        return ipaddress.ip_network(value.strip())
    except ValueError:
        pass
    try:
        loose = ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        if looks_like_name(value):
            raise ValueProblem(
                f"{value!r} is a host name, and only an address or a network can stand here"
            ) from None
        raise ValueProblem(
            f"{value!r} is not an address or a network such as 192.0.2.0/24"
        ) from None
    raise ValueProblem(
        f"{value!r} has bits set to the right of its prefix, write {loose} or one address"
    )


@dataclasses.dataclass(frozen=True)
class Peer:
    """A network, or a host name with the addresses that it had when the policy was applied."""

    network: Network | None = None
    name: str = ""
    resolved: tuple[Network, ...] = ()

    def __str__(self) -> str:
        return self.name or str(self.network)

    @property
    def networks(self) -> tuple[Network, ...]:
        """What goes into the rules; empty for a name that is not resolved yet."""
        return self.resolved if self.network is None else (self.network,)


def parse_peer(value: Any) -> Peer:
    """Read an address, a network or a host name. Raises `ValueProblem` for anything else."""
    if isinstance(value, str) and looks_like_name(value.strip()):
        return Peer(name=value.strip().rstrip(".").lower())
    return Peer(network=parse_network(value))


def of_family(networks: Iterable[Network], family: str) -> tuple[Network, ...]:
    """Return the networks of one family, collapsed (no network inside another) and in ascending
    order."""
    chosen = [network for network in networks if family_of(network) == family]
    return tuple(ipaddress.collapse_addresses(chosen))  # type: ignore[type-var]


def is_private(network: Network) -> bool:
    """Tell whether no router of the internet has a route to the addresses."""
    return any(is_within(network, item) for item in _PRIVATE)


def is_within(inner: Any, outer: Any) -> bool:
    """Tell whether the network `inner` lies in `outer`, of whatever family they are."""
    return bool(inner.version == outer.version and inner.subnet_of(outer))


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
