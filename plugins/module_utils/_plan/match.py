# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a rule of somebody else's match our packets: all of them, some of them, or none?

Three answers, because a rule can look at what is not known beforehand (a mark, a rate, a random
number, a set that fail2ban fills). What this file does not understand is SOME, never a guess. The
JSON is libnftables-json(5).
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._model.addresses import IPV4
from .._model.flow import BROADCAST
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
from .ruleset import Ruleset, bare_element
from .seen import ALL, NONE, SOME, Seen, both, either, negated
from .values import addresses, first_packet_flags, interfaces, named, ports

_FAMILY_NAMES = {"ipv4": ("ipv4", 2), "ipv6": ("ipv6", 10)}
_ETHER_TYPES = {"ipv4": ("ip", 0x0800), "ipv6": ("ip6", 0x86DD)}
_PROTOCOL_NUMBERS = {"tcp": 6, "udp": 17}
_OTHER_TRANSPORTS = ("icmp", "icmpv6", "igmp", "udplite", "sctp", "dccp", "esp", "ah", "comp")

# Whether packets have an incoming and an outgoing interface at a hook. In postrouting the incoming
# one of forwarded packets is known since Linux 5.7 (commit 28f8bfd1ac94).
_WITH_IIF = (INGRESS, PREROUTING, INPUT, FORWARD)
_WITH_OIF = (FORWARD, OUTPUT, POSTROUTING)


def family_sees(table_family: str, item: PacketClass) -> bool:
    """Tell whether chains of a table of this family see packets of the class at all."""
    if table_family in ("inet", "netdev"):
        return True
    return table_family == ("ip" if item.family == IPV4 else "ip6")


def match_expression(
    expression: Mapping[str, Any], seen: Seen, ruleset: Ruleset, table: tuple[str, str]
) -> str:
    """Answer for one C(match) of a rule."""
    operator = expression.get("op", "==")
    left, right = expression.get("left"), expression.get("right")
    if lacks_header(left, seen.packets):
        return NONE  # a match on a header that the packets do not have fails, whatever its operator
    if _is_tcp_flags(left):
        answer = _tcp_flags(left, right, seen.packets, operator)
        return negated(answer) if operator == "!=" else answer
    values = resolve(right, ruleset, table)
    if values is None:
        return SOME
    if _needs_conntrack(left):
        if seen.tracked == NONE and not _is_state(left):
            return NONE  # nft_ct_get_eval(): without an entry there is nothing to compare
        if seen.tracked == SOME:
            return SOME
    answer = match_values(left, values, seen, operator)
    return negated(answer) if operator == "!=" else answer


def match_values(left: Any, right: Sequence[Any], seen: Seen, operator: str = "==") -> str:
    """Answer whether the packets' value of `left` lies among the values `right`; != is answered as
    ==, as the caller turns it around."""
    if not isinstance(left, Mapping) or len(left) != 1:
        return SOME
    if lacks_header(left, seen.packets):
        return NONE
    kind, detail = next(iter(left.items()))
    if kind == "concat":
        return _concatenation(detail, right, seen)
    if not isinstance(detail, Mapping):
        return SOME
    if kind == "payload":
        return _payload(detail, right, seen, operator)
    if kind == "meta":
        return _meta(detail.get("key"), right, seen)
    if kind == "ct":
        return _conntrack(detail.get("key"), right, seen)
    if kind == "fib":
        return _fib(detail, right, seen)
    return SOME


def resolve(right: Any, ruleset: Ruleset, table: tuple[str, str]) -> Sequence[Any] | None:
    """Return the values on the right of a match as a list, or None when they can change or are not
    readable."""
    if isinstance(right, str) and right.startswith("@"):
        found = ruleset.collections.get((*table, right[1:]))
        return None if found is None or found.dynamic else found.elements
    if isinstance(right, Mapping) and "set" in right:
        values = right["set"]
        if isinstance(values, str):
            return resolve(values, ruleset, table)
        return [bare_element(item) for item in (values if isinstance(values, list) else [values])]
    if isinstance(right, list):
        return right
    return [right]


def lacks_header(left: Any, item: PacketClass) -> bool:
    """Tell whether `left` reads a header that the packets do not have."""
    if not isinstance(left, Mapping) or len(left) != 1:
        return False
    kind, detail = next(iter(left.items()))
    if kind == "&" and isinstance(detail, list) and detail:
        return lacks_header(detail[0], item)
    if kind == "concat" and isinstance(detail, list):
        return any(lacks_header(part, item) for part in detail)
    if kind == "tcp option":
        return item.protocol != "tcp"
    if kind != "payload" or not isinstance(detail, Mapping):
        return False
    protocol = detail.get("protocol")
    if protocol in ("tcp", "udp"):
        return bool(protocol != item.protocol)
    if protocol in ("ip", "ip6"):
        return bool((protocol == "ip") != (item.family == IPV4))
    return protocol in _OTHER_TRANSPORTS or protocol == "arp"


def _concatenation(parts: Any, right: Sequence[Any], seen: Seen) -> str:
    answers = []
    for value in right:
        pieces = value.get("concat") if isinstance(value, Mapping) else None
        if not isinstance(pieces, list) or len(pieces) != len(parts):
            answers.append(SOME)
            continue
        answer = ALL
        for part, piece in zip(parts, pieces):
            answer = both(answer, match_values(part, [piece], seen))
        answers.append(answer)
    return either(answers)


def _is_tcp_flags(left: Any) -> bool:
    if isinstance(left, Mapping) and isinstance(left.get("&"), list):
        left = left["&"][0]
    detail = left.get("payload") if isinstance(left, Mapping) else None
    return isinstance(detail, Mapping) and detail.get("field") == "flags"


def _tcp_flags(left: Any, right: Any, item: PacketClass, operator: str) -> str:
    if item.state not in (NEW, RELATED):
        return SOME
    mask = left["&"][1] if "&" in left else None
    return first_packet_flags(right, operator, mask)


def _payload(detail: Mapping[str, Any], right: Sequence[Any], seen: Seen, operator: str) -> str:
    item = seen.packets
    protocol, field = detail.get("protocol"), detail.get("field")
    if protocol in ("tcp", "udp", "th") and field in ("dport", "sport"):
        return ports(item.dport if field == "dport" else item.sport, right, operator)
    if protocol in ("ip", "ip6"):
        if field in ("saddr", "daddr"):
            mine = item.sources if field == "saddr" else item.destinations
            return addresses(mine, right, item.family)
        if field in ("protocol", "nexthdr"):
            return named(right, (item.protocol, _PROTOCOL_NUMBERS[item.protocol]))
    return SOME


def _meta(key: Any, right: Sequence[Any], seen: Seen) -> str:
    item = seen.packets
    if key == "l4proto":
        return named(right, (item.protocol, _PROTOCOL_NUMBERS[item.protocol]))
    if key == "nfproto":
        return named(right, _FAMILY_NAMES[item.family])
    if key == "protocol":
        return named(right, _ETHER_TYPES[item.family])
    if key in ("iifname", "iif"):
        routed = seen.hook == POSTROUTING and item.hook == FORWARD
        return interfaces(item.iifs, right, routed or seen.hook in _WITH_IIF)
    if key in ("oifname", "oif"):
        return interfaces(item.oifs, right, seen.hook in _WITH_OIF)
    if key == "pkttype":
        return SOME if item.scope == BROADCAST else named(right, ("host", "unicast"))
    return SOME


def _needs_conntrack(left: Any) -> bool:
    if isinstance(left, Mapping) and isinstance(left.get("concat"), list):
        return any(_needs_conntrack(part) for part in left["concat"])
    return isinstance(left, Mapping) and "ct" in left


def _is_state(left: Any) -> bool:
    detail = left.get("ct") if isinstance(left, Mapping) else None
    return isinstance(detail, Mapping) and detail.get("key") == "state"


def _conntrack(key: Any, right: Sequence[Any], seen: Seen) -> str:
    item = seen.packets
    wanted = {str(value) for value in right}
    if key == "state":
        if seen.tracked == SOME:
            return SOME
        # Before conntrack has seen them, packets count as invalid (nft_ct_get_eval()).
        state = item.state if seen.tracked == ALL else "invalid"
        return ALL if state in wanted else NONE
    if seen.tracked != ALL:
        return SOME
    if key == "helper" and item.helper:
        return named(right, (item.helper,))
    if key == "direction" and item.kind != DATA:
        return ALL if ("original" if item.kind == REQUEST else "reply") in wanted else NONE
    if key == "status" and wanted == {"dnat"}:
        return seen.forwarded
    return SOME


def _fib(detail: Mapping[str, Any], right: Sequence[Any], seen: Seen) -> str:
    flags = detail.get("flags", ())
    if detail.get("result") == "type":
        return _address_type(flags, right, seen)
    if "saddr" in flags and "iif" in flags and seen.packets.hook != OUTPUT:
        # A reverse path check. Packets of a flow come from where the answers to them go; those that
        # do not are spoofed, or the routing is at fault.
        if all(value in (False, "0", 0) for value in right):
            return NONE
        if all(value is True for value in right):
            return ALL
    return SOME


def _address_type(flags: Sequence[str], right: Sequence[Any], seen: Seen) -> str:
    wanted = {str(value) for value in right}
    if "daddr" not in flags:
        return SOME if wanted & {"unicast", "local"} else NONE
    if seen.packets.scope == BROADCAST:
        hits = wanted & {"broadcast", "multicast"}
        return ALL if len(hits) == 2 else (SOME if hits else NONE)
    local = ALL if "local" in wanted else NONE
    other = ALL if "unicast" in wanted else NONE
    if seen.local == ALL:
        return local
    if seen.local == NONE:
        return other
    return local if local == other else SOME
