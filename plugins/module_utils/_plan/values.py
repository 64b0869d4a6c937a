# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do values of our packets (ports, addresses, interfaces, TCP flags) lie among those that a rule
names? The JSON of values is libnftables-json(5)."""

from __future__ import annotations

import fnmatch
import ipaddress
from typing import Any, Iterable, Mapping, Sequence

from .._model.addresses import IPV4, Network
from .._model.ports import ALL_PORTS, PortRange
from .seen import ALL, NONE, SOME, either

_LOOPBACK = "lo"

# What the first packet of a TCP connection has (RFC 9293 section 3.5); ECN may set two more
# (RFC 3168 section 6.1.1).
_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr")
_FIRST_PACKET = frozenset(("syn",))
_UNKNOWN_FLAGS = frozenset(("ecn", "cwr"))


def named(right: Sequence[Any], values: tuple[Any, ...]) -> str:
    """Answer for a value that has the names and numbers `values`."""
    wanted = {str(value) for value in right if not isinstance(value, Mapping)}
    if any(str(value) in wanted for value in values):
        return ALL
    return SOME if any(isinstance(value, Mapping) for value in right) else NONE


def interfaces(names: tuple[str, ...], right: Sequence[Any], exists: bool) -> str:
    """Answer for packets of the interfaces `names`, where `exists` tells whether packets have such
    an interface at this hook."""
    patterns = [str(value) for value in right]
    if not exists:
        return NONE
    if not names:
        # Our flows leave the host, so a rule for the loopback device does not meet them.
        return NONE if all(pattern == _LOOPBACK for pattern in patterns) else SOME
    hits = [any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    return ALL if all(hits) else (SOME if any(hits) else NONE)


def ports(mine: PortRange | None, right: Sequence[Any], operator: str) -> str:
    """Answer for packets whose port lies in `mine`, None for any port."""
    ranges = [port_range(value, operator) for value in right]
    if any(item is None for item in ranges):
        return SOME
    known = [item for item in ranges if item is not None]
    left: tuple[PortRange, ...] = (mine or ALL_PORTS,)
    total = sum(len(item) for item in left)
    for item in known:
        left = tuple(piece for part in left for piece in part.minus(item))
    remaining = sum(len(item) for item in left)
    if remaining == total:
        return NONE
    return ALL if remaining == 0 and mine is not None else SOME


def port_range(value: Any, operator: str = "==") -> PortRange | None:
    """Return nft's port or range, or None when it is something else."""
    if isinstance(value, int) and not isinstance(value, bool):
        first, last = {
            "<": (1, value - 1),
            "<=": (1, value),
            ">": (value + 1, ALL_PORTS.last),
            ">=": (value, ALL_PORTS.last),
        }.get(operator, (value, value))
        return PortRange(first, last) if 1 <= first <= last <= ALL_PORTS.last else None
    if isinstance(value, Mapping) and isinstance(value.get("range"), list):
        first, last = value["range"]
        if isinstance(first, int) and isinstance(last, int):
            return PortRange(max(first, 1), max(last, 1))
    return None


def addresses(mine: tuple[Network, ...], right: Sequence[Any], family: str) -> str:
    """Answer for packets of `family` whose address lies in `mine`, empty for any address."""
    theirs: list[Any] = []
    for value in right:
        found = networks(value)
        if found is None:
            return SOME
        theirs.extend(found)
    theirs = [network for network in theirs if (network.version == 4) == (family == IPV4)]
    if any(network.prefixlen == 0 for network in theirs):
        return ALL
    if not mine:
        return SOME if theirs else NONE
    collapsed = list(ipaddress.collapse_addresses(theirs))
    hits = [_network_hit(network, collapsed) for network in mine]
    if all(hit == ALL for hit in hits):
        return ALL
    return NONE if all(hit == NONE for hit in hits) else SOME


def _network_hit(mine: Network, theirs: Sequence[Any]) -> str:
    if any(mine.subnet_of(network) for network in theirs):
        return ALL
    return SOME if any(mine.overlaps(network) for network in theirs) else NONE


def networks(value: Any) -> list[Network] | None:
    """Return nft's address, prefix or range as networks, or None when it is something else."""
    try:
        if isinstance(value, str):
            return [ipaddress.ip_network(value)]
        if isinstance(value, Mapping) and "prefix" in value:
            prefix = value["prefix"]
            return [ipaddress.ip_network(f"{prefix['addr']}/{prefix['len']}", strict=False)]
        if isinstance(value, Mapping) and isinstance(value.get("range"), list):
            first, last = (ipaddress.ip_address(end) for end in value["range"])
            return list(ipaddress.summarize_address_range(first, last))
    except (ValueError, TypeError, KeyError):
        return None
    return None


def first_packet_flags(right: Any, operator: str, mask: Any) -> str:
    """Answer for the TCP flags of a connection's first packet, a SYN, cut down to `mask` (None for
    all flags); != is answered as ==, as the caller turns it around."""
    masked = frozenset(_FLAGS) if mask is None else _flags(mask)
    alternatives = right["set"] if isinstance(right, Mapping) and "set" in right else [right]
    wanted = [_flags(value) for value in alternatives]
    if masked is None or operator not in ("in", "==", "!=", "!"):
        return SOME
    known = masked - _UNKNOWN_FLAGS
    answers = []
    for flags in wanted:
        if flags is None:
            answers.append(SOME)
        elif operator == "==" or operator == "!=":
            same = flags & known == _FIRST_PACKET & known
            answers.append((ALL if known == masked else SOME) if same else NONE)
        else:
            hit = ALL if flags & _FIRST_PACKET else (SOME if flags & _UNKNOWN_FLAGS else NONE)
            answers.append({ALL: NONE, NONE: ALL}.get(hit, hit) if operator == "!" else hit)
    return either(answers)


def _flags(value: Any) -> frozenset[str] | None:
    """Return a set of TCP flags in any of the shapes that nft prints, or None."""
    if isinstance(value, str):
        return frozenset((value,)) if value in _FLAGS else None
    if isinstance(value, int):
        return frozenset(flag for bit, flag in enumerate(_FLAGS) if value & (1 << bit))
    items: Iterable[Any] = value.get("|", ()) if isinstance(value, Mapping) else value
    parts = [_flags(item) for item in items] if isinstance(items, (list, tuple)) else []
    known = [part for part in parts if part is not None]
    if not parts or len(known) != len(parts):
        return None
    return frozenset().union(*known)
