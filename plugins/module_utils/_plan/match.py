# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a rule of somebody else's match our packets: all of them, some of them, or none?

Three answers, because a rule can look at what is not known beforehand (a mark, a rate, a set that
fail2ban fills). What this file does not understand is SOME, never a guess. The JSON is
libnftables-json(5).
"""

from __future__ import annotations

import fnmatch
import ipaddress
from typing import Any, Mapping, Sequence

from .._model.addresses import IPV4, Network
from .._model.flow import BROADCAST
from .._model.ports import ALL_PORTS, PortRange
from .packets import FORWARD, INPUT, NEW, OUTPUT, POSTROUTING, PREROUTING, PacketClass
from .ruleset import Ruleset

NONE = "none"
SOME = "some"
ALL = "all"


_FAMILY_NAMES = {"ipv4": ("ipv4", 2), "ipv6": ("ipv6", 10)}
_PROTOCOL_NUMBERS = {"tcp": 6, "udp": 17}
_LOOPBACK = "lo"


def both(left: str, right: str) -> str:
    """Return the answer for two conditions that must both hold."""
    if NONE in (left, right):
        return NONE
    return ALL if left == right == ALL else SOME


def negated(answer: str) -> str:
    return {NONE: ALL, ALL: NONE}.get(answer, SOME)


def family_sees(table_family: str, item: PacketClass) -> bool:
    """Tell whether chains of a table of this family see packets of the class at all."""
    if table_family == "inet":
        return True
    return table_family == ("ip" if item.family == IPV4 else "ip6")


def match_expression(
    expression: Mapping[str, Any], item: PacketClass, ruleset: Ruleset, table: tuple[str, str]
) -> str:
    """Answer for one C(match) of a rule."""
    operator = expression.get("op", "==")
    right = _resolve(expression.get("right"), ruleset, table)
    if right is None:
        return SOME
    answer = match_values(expression.get("left"), right, item, operator)
    return negated(answer) if operator == "!=" else answer


def match_values(left: Any, right: Sequence[Any], item: PacketClass, operator: str = "==") -> str:
    """Answer whether the packets' value of `left` lies among the values `right`."""
    if not isinstance(left, Mapping) or len(left) != 1:
        return SOME
    kind, detail = next(iter(left.items()))
    if kind == "payload" and isinstance(detail, Mapping):
        return _payload(detail, right, item, operator)
    if kind == "meta" and isinstance(detail, Mapping):
        return _meta(detail.get("key"), right, item)
    if kind == "ct" and isinstance(detail, Mapping):
        return _conntrack(detail.get("key"), right, item)
    if kind == "fib" and isinstance(detail, Mapping) and detail.get("result") == "type":
        return _fib_type(detail.get("flags", ()), right, item)
    return SOME


def _resolve(right: Any, ruleset: Ruleset, table: tuple[str, str]) -> Sequence[Any] | None:
    """Return the values on the right of a match as a list, or None when they can change or are not
    readable."""
    if isinstance(right, str) and right.startswith("@"):
        named = ruleset.collections.get((*table, right[1:]))
        return None if named is None or named.dynamic else named.elements
    if isinstance(right, Mapping) and "set" in right:
        values = right["set"]
        if isinstance(values, str):
            return _resolve(values, ruleset, table)
        return list(values) if isinstance(values, list) else [values]
    if isinstance(right, list):
        return right
    return [right]


def _payload(detail: Mapping[str, Any], right: Sequence[Any], item: PacketClass, op: str) -> str:
    protocol, field = detail.get("protocol"), detail.get("field")
    if protocol in ("tcp", "udp", "th"):
        if protocol not in ("th", item.protocol):
            return _foreign_header(op)
        if field in ("dport", "sport"):
            return _ports(item.dport if field == "dport" else item.sport, right, op)
        if field == "flags" and item.state == NEW and [str(value) for value in right] == ["syn"]:
            return ALL  # the first packet of a TCP connection is a SYN (RFC 9293 section 3.5)
        return SOME
    if protocol in ("ip", "ip6"):
        if (protocol == "ip") != (item.family == IPV4):
            return _foreign_header(op)
        if field in ("saddr", "daddr"):
            return _addresses(item.sources if field == "saddr" else item.destinations, right, item)
        if field in ("protocol", "nexthdr"):
            return _named(right, (item.protocol, _PROTOCOL_NUMBERS[item.protocol]))
        return SOME
    if protocol in ("icmp", "icmpv6", "udplite", "sctp", "dccp", "esp", "ah", "comp", "arp"):
        return _foreign_header(op)
    return SOME


def _foreign_header(operator: str) -> str:
    """A match on a header that the packets do not have fails, whatever its operator is."""
    return ALL if operator == "!=" else NONE  # the caller negates the answer of !=


def _meta(key: Any, right: Sequence[Any], item: PacketClass) -> str:
    if key == "l4proto":
        return _named(right, (item.protocol, _PROTOCOL_NUMBERS[item.protocol]))
    if key == "nfproto":
        return _named(right, _FAMILY_NAMES[item.family])
    if key in ("iifname", "iif"):
        return _interfaces(item.iifs, right, item.hook in (PREROUTING, INPUT, FORWARD))
    if key in ("oifname", "oif"):
        return _interfaces(item.oifs, right, item.hook in (FORWARD, OUTPUT, POSTROUTING))
    if key == "pkttype":
        return SOME if item.scope == BROADCAST else _named(right, ("host", "unicast"))
    return SOME


def _conntrack(key: Any, right: Sequence[Any], item: PacketClass) -> str:
    if key == "state":
        wanted = {str(value) for value in right}
        return ALL if item.state in wanted else NONE
    if key == "helper" and item.helper:
        return _named(right, (item.helper,))
    return SOME


def _fib_type(flags: Sequence[str], right: Sequence[Any], item: PacketClass) -> str:
    wanted = {str(value) for value in right}
    if "daddr" not in flags:
        return NONE if not wanted & {"unicast", "local"} else SOME
    if item.scope == BROADCAST:
        hits = wanted & {"broadcast", "multicast"}
        return ALL if len(hits) == 2 else (SOME if hits else NONE)
    if item.hook == INPUT:
        return ALL if "local" in wanted else NONE
    return ALL if "unicast" in wanted else (SOME if "local" in wanted else NONE)


def _named(right: Sequence[Any], values: tuple[Any, ...]) -> str:
    wanted = {str(value) for value in right if not isinstance(value, Mapping)}
    if any(str(value) in wanted for value in values):
        return ALL
    return SOME if any(isinstance(value, Mapping) for value in right) else NONE


def _interfaces(names: tuple[str, ...], right: Sequence[Any], exists: bool) -> str:
    patterns = [str(value) for value in right]
    if not exists:
        return NONE
    if not names:
        # Our flows leave the host, so a rule for the loopback device does not meet them.
        return NONE if all(pattern == _LOOPBACK for pattern in patterns) else SOME
    hits = [any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    return ALL if all(hits) else (SOME if any(hits) else NONE)


def _ports(mine: PortRange | None, right: Sequence[Any], operator: str) -> str:
    ranges = [_port_range(value, operator) for value in right]
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


def _port_range(value: Any, operator: str) -> PortRange | None:
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


def _addresses(mine: tuple[Network, ...], right: Sequence[Any], item: PacketClass) -> str:
    theirs: list[Any] = []
    for value in right:
        networks = _networks(value)
        if networks is None:
            return SOME
        theirs.extend(networks)
    theirs = [network for network in theirs if (network.version == 4) == (item.family == IPV4)]
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


def _networks(value: Any) -> list[Network] | None:
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
