# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of ours as nft text: matches from packet classes, the same packets of several ports or
families in one rule."""

from __future__ import annotations

import dataclasses
from typing import Iterable, Sequence

from .._model.addresses import IPV4, Network
from .._model.flow import BROADCAST
from .._model.ports import PortRange
from .packets import INPUT, OUTPUT, PacketClass
from .ruleset import OWN_FAMILY

BROADCAST_MATCH = "fib daddr type { broadcast, multicast }"

# Which end of a packet is this host, by hook; a forwarded one is told by its interfaces.
_LOCAL_END = {INPUT: "fib daddr type local", OUTPUT: "fib saddr type local"}


def braced(values: Sequence[object]) -> str:
    """Return one value as it is and several as an anonymous set."""
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else "{ " + ", ".join(texts) + " }"


def interfaces_match(key: str, names: Sequence[str]) -> str:
    return f"{key} " + braced([f'"{name}"' for name in names]) if names else ""


def addresses_match(field: str, networks: Sequence[Network], family: str) -> str:
    """Return C(ip saddr ...) or C(ip6 saddr ...), or nothing for any address."""
    keyword = "ip" if family == IPV4 else "ip6"
    return f"{keyword} {field} " + braced(list(networks)) if networks else ""


def ports_match(protocol: str, field: str, ports: Sequence[PortRange]) -> str:
    return f"{protocol} {field} " + braced(merged_ports(ports)) if ports else ""


def merged_ports(ports: Iterable[PortRange]) -> list[PortRange]:
    """Return the same ports with neighbours joined to ranges."""
    result: list[PortRange] = []
    for item in sorted(set(ports)):
        if result and item.first <= result[-1].last + 1:
            result[-1] = PortRange(result[-1].first, max(item.last, result[-1].last))
        else:
            result.append(item)
    return result


def joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def commented(rule: str, comment: str) -> str:
    return f'{rule} comment "{comment}"'


def accept_rules(
    classes: Iterable[PacketClass],
    with_state: bool,
    table_family: str = OWN_FAMILY,
    any_hook: bool = False,
) -> list[str]:
    """Return accept rules for `classes` in a table of `table_family`, in order of their first
    appearance.

    `with_state` adds the conntrack state; a chain that has dealt with established packets does not
    need it. `any_hook` is for a chain that packets of several hooks may reach: each rule then tells
    its own hook's packets by which end of them is this host.
    """
    groups: dict[PacketClass, list[PacketClass]] = {}
    for item in classes:
        blank = dataclasses.replace(item, sport=None, dport=None)
        if not item.sources and not item.destinations:
            blank = dataclasses.replace(blank, family="")
        groups.setdefault(blank, []).append(item)
    return [_accept_rule(group, with_state, table_family, any_hook) for group in groups.values()]


def _accept_rule(
    group: Sequence[PacketClass], with_state: bool, table_family: str, any_hook: bool
) -> str:
    first = group[0]
    families = {item.family for item in group}
    only = ""
    # A table of ip or ip6 sees one family only, and nft refuses to compare it there.
    one_of_two = table_family == "inet" and len(families) == 1
    if one_of_two and not first.sources and not first.destinations:
        only = f"meta nfproto {first.family}"
    rule = joined(
        interfaces_match("iifname", first.iifs),
        interfaces_match("oifname", first.oifs),
        only,
        _LOCAL_END.get(first.hook, "") if any_hook else "",
        addresses_match("saddr", first.sources, first.family),
        addresses_match("daddr", first.destinations, first.family),
        first.also,
        BROADCAST_MATCH if first.scope == BROADCAST else "",
        f'ct helper "{first.helper}"' if first.helper else "",
        f"meta l4proto {first.protocol}" if not (first.sport or first.dport) else "",
        ports_match(first.protocol, "sport", [item.sport for item in group if item.sport]),
        ports_match(first.protocol, "dport", [item.dport for item in group if item.dport]),
        f"ct state {first.state}" if with_state and first.state else "",
        "accept",
    )
    return commented(rule, first.tag)


def chain_block(name: str, lines: Sequence[str], head: str = "") -> list[str]:
    """Return a chain as indented lines of a table."""
    body = [head] if head else []
    return [f"\tchain {name} {{", *(f"\t\t{line}" for line in [*body, *lines]), "\t}"]
