# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own table: the FTP helper, the blocked announcements, and what a denied direction still lets
through.

An accept in a base chain of ours never beats a drop in somebody else's, so accepts stand here only
where we deny.
"""

from __future__ import annotations

from typing import Sequence

from .._model.addresses import FAMILIES, of_family
from .._model.flow import BLOCK, INBOUND, OUTBOUND, Flow
from .._model.policy import DENY, GATEWAY, HOST, Policy
from .packets import FORWARD, INPUT, NEW, OUTPUT, REQUEST, packet_classes
from .render import (
    BROADCAST_MATCH,
    accept_rules,
    addresses_match,
    chain_block,
    commented,
    interfaces_match,
    joined,
    ports_match,
)
from .ruleset import OWN_FAMILY, OWN_TABLE

HELPER_OBJECT = "ftp-standard"

# RFC 4890 section 4.4: without these neighbour discovery and path MTU discovery break.
_ICMP_ERRORS = (
    "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
    "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }"
    " accept",
)
_NEIGHBOUR_DISCOVERY = (
    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert,"
    " mld-listener-query, mld-listener-report, mld2-listener-report } accept"
)


def render_own_table(policies: Sequence[Policy]) -> str:
    """Return our whole table as a script that replaces it in one transaction, or an empty string
    when it holds nothing."""
    chains = [*_helper_chains(policies), *_host_chains(policies), *_gateway_chain(policies)]
    if not chains:
        return ""
    objects: list[str] = []
    if any(flow.needs_ftp_helper for policy in policies for flow in policy.flows):
        objects = [f"\tct helper {HELPER_OBJECT} {{", '\t\ttype "ftp" protocol tcp', "\t}"]
    return "\n".join([f"table {OWN_FAMILY} {OWN_TABLE} {{", *objects, *chains, "}", ""])


def _helper_chains(policies: Sequence[Policy]) -> list[str]:
    """Assign the FTP helper to control connections: after conntrack (-200), before they are
    confirmed."""
    prerouting: list[str] = []
    output: list[str] = []
    for policy in policies:
        for flow in policy.flows:
            if flow.needs_ftp_helper:
                local = policy.enforcement == HOST and flow.direction == OUTBOUND
                (output if local else prerouting).extend(_helper_rules(policy, flow))
    lines = []
    for name, rules in (("helper_prerouting", prerouting), ("helper_output", output)):
        hook = name.rsplit("_", 1)[1]
        if rules:
            head = f"type filter hook {hook} priority -150; policy accept;"
            lines += chain_block(name, rules, head)
    return lines


def _helper_rules(policy: Policy, flow: Flow) -> list[str]:
    gateway = policy.enforcement == GATEWAY
    outbound = flow.direction == OUTBOUND
    iifs = (policy.inside if outbound else policy.outside) if gateway else ()
    # An inbound connection still has the gateway's public address here: a port forward comes later.
    hosts = flow.hosts if gateway and outbound else ()
    sources, destinations = (hosts, flow.peer_networks) if outbound else (flow.peer_networks, ())
    head = interfaces_match("iifname", iifs)
    tail = joined(ports_match("tcp", "dport", flow.ports), f'ct helper set "{HELPER_OBJECT}"')
    comment = f"{policy.name}/{flow.id}"
    if not sources and not destinations:
        return [commented(joined(head, tail), comment)]
    rules = []
    for family in FAMILIES:
        ours, theirs = of_family(sources, family), of_family(destinations, family)
        if (sources and not ours) or (destinations and not theirs):
            continue
        match = joined(
            addresses_match("saddr", ours, family), addresses_match("daddr", theirs, family)
        )
        rules.append(commented(joined(head, match, tail), comment))
    return rules


def _host_chains(policies: Sequence[Policy]) -> list[str]:
    hosts = [policy for policy in policies if policy.enforcement == HOST]
    blocked = [
        commented(
            joined(BROADCAST_MATCH, ports_match("udp", "dport", flow.ports), "drop"),
            f"{policy.name}/{flow.id}",
        )
        for policy in hosts
        for flow in policy.flows
        if flow.action == BLOCK
    ]
    deny_out = [policy.name for policy in hosts if policy.default_egress == DENY]
    deny_in = [policy.name for policy in hosts if policy.default_ingress == DENY]
    lines: list[str] = []
    if deny_in:
        rules = [
            *_baseline(hosts, inbound=True),
            *_accepts(hosts, INPUT),
            _final("default_ingress", deny_in),
        ]
        lines += chain_block(
            "input", rules, "type filter hook input priority filter; policy accept;"
        )
    if deny_out or blocked:
        rules = list(blocked)
        if deny_out:
            rules += [
                *_baseline(hosts, inbound=False),
                *_accepts(hosts, OUTPUT),
                _final("default_egress", deny_out),
            ]
        lines += chain_block(
            "output", rules, "type filter hook output priority filter; policy accept;"
        )
    return lines


def _final(option: str, names: Sequence[str]) -> str:
    return commented("drop", f"{option} deny of {', '.join(names)}"[:128])


def _accepts(policies: Sequence[Policy], hook: str) -> list[str]:
    return accept_rules(
        (
            item
            for policy in policies
            for item in packet_classes(policy)
            if item.hook == hook and item.kind == REQUEST and item.state == NEW
        ),
        with_state=False,
    )


def _baseline(policies: Sequence[Policy], inbound: bool) -> list[str]:
    """What a denied direction of a host always lets through."""
    entries = {entry for policy in policies for entry in policy.baseline}
    rules = [
        'iifname "lo" accept' if inbound else 'oifname "lo" accept',
        "ct state established,related accept",
        *_ICMP_ERRORS,
        _NEIGHBOUR_DISCOVERY,
    ]
    if "dhcp" in entries:
        # RFC 2131 and RFC 8415: replies to a broadcast have no conntrack entry.
        ports = ("udp sport 67 udp dport 68", "udp sport 547 udp dport 546")
        asks = ("udp sport 68 udp dport 67", "udp sport 546 udp dport 547")
        rules += [f"{match} accept" for match in (ports if inbound else asks)]
    if not inbound:
        rules += _name_and_time(policies, entries)
    rules += _management(policies, inbound)
    return [commented(rule, "baseline") if "comment" not in rule else rule for rule in rules]


def _name_and_time(policies: Sequence[Policy], entries: set[str]) -> list[str]:
    rules = []
    if "dns" in entries:
        resolvers = [network for policy in policies for network in policy.resolvers]
        for family in FAMILIES:
            match = addresses_match("daddr", of_family(resolvers, family), family)
            if match:
                rules.append(f"{match} meta l4proto {{ tcp, udp }} th dport 53 accept")
    if "ntp" in entries:
        rules.append("udp dport 123 accept")
    return rules


def _management(policies: Sequence[Policy], inbound: bool) -> list[str]:
    """Accept management connections, and outbound what continues one.

    Where nobody used conntrack before us it knows no open session: the first packet of one that it
    sees is new, and when that is our answer, the session would hang.
    """
    rules = []
    for policy in policies:
        for item in policy.management:
            family = FAMILIES[0] if item.peer.version == 4 else FAMILIES[1]
            peer = addresses_match("saddr" if inbound else "daddr", (item.peer,), family)
            going_on = f"tcp sport {item.port} tcp flags & syn == 0"
            port = f"tcp dport {item.port}" if inbound else going_on
            rules.append(commented(f"{peer} {port} accept", f"{policy.name}/management"))
    return list(dict.fromkeys(rules))


def _gateway_chain(policies: Sequence[Policy]) -> list[str]:
    """Deny new connections between inside and outside; the gateway's own traffic never comes
    here."""
    gateways = [policy for policy in policies if policy.enforcement == GATEWAY]
    drops = [
        rule
        for policy in gateways
        for direction, default in (
            (OUTBOUND, policy.default_egress),
            (INBOUND, policy.default_ingress),
        )
        if default == DENY
        for rule in [_gateway_drop(policy, direction)]
    ]
    if not drops:
        return []
    rules = ["ct state established,related accept", *_ICMP_ERRORS]
    for policy in gateways:
        outwards = joined(
            interfaces_match("iifname", policy.inside), interfaces_match("oifname", policy.outside)
        )
        rules += [f"{outwards} {rule}" for rule in _name_and_time([policy], set(policy.baseline))]
    lines = [commented(rule, "baseline") for rule in rules]
    lines += _accepts(gateways, FORWARD)
    lines += drops
    return chain_block("forward", lines, "type filter hook forward priority filter; policy accept;")


def _gateway_drop(policy: Policy, direction: str) -> str:
    iifs, oifs = policy.inside, policy.outside
    option = "default_egress"
    if direction == INBOUND:
        iifs, oifs = oifs, iifs
        option = "default_ingress"
    match = joined(interfaces_match("iifname", iifs), interfaces_match("oifname", oifs))
    return commented(f"{match} ct state new drop", f"{option} deny of {policy.name}")
