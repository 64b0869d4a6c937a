# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter rules of real gateways, and which packets of ours they hit."""

from __future__ import annotations

from unit.plugins.module_utils.plan.nft_cases import FORWARD, OTHER_PORT, Case, chain, nat_chain


def _drop(rule: str) -> str:
    return chain("forward", f"{rule} drop")


# One drop in the forward hook: which packets does its match hit?
MATCHES = [
    Case(_drop(rule), packets, expected)
    for rule, packets, expected in (
        ("tcp dport 443", "out.new", "all"),
        ("tcp dport 443", "udp.new", "none"),
        ("th dport 443", "udp.new", "all"),
        ("tcp dport != 443", "udp.new", "none"),
        ("meta protocol ip", "out.new", "all"),
        ("meta protocol ip6", "out.new", "none"),
        ("ip6 nexthdr tcp", "out.new", "none"),
        ("ip protocol { tcp, udp }", "udp.new", "all"),
        ("ip protocol icmp", "out.new", "none"),
        # connection tracking
        ("ct state new", "out.new", "all"),
        ("ct state { new, related }", "out.established", "none"),
        ("ct state != established", "out.new", "all"),
        ("ct state invalid,untracked", "out.new", "none"),
        ("ct direction original", "out.new", "all"),
        ("ct direction original", "out.reply", "none"),
        ("ct status dnat", "out.new", "some"),
        ("ct status dnat", "in.new", "none"),
        ("ct mark 1", "out.new", "some"),
        ("ct original ip daddr 192.0.2.1", "out.new", "some"),
        ('ct helper "ftp"', "ftp.related", "all"),
        # what nobody knows beforehand
        ("meta mark 1", "out.new", "some"),
        ("meta mark & 0xff == 1", "out.new", "some"),
        ("numgen random mod 10 < 3", "out.new", "some"),
        ("limit rate over 10/second", "out.new", "some"),
        ("ct count over 20", "out.new", "some"),
        ("quota over 10 mbytes", "out.new", "some"),
        ('meta hour "08:00"-"17:00"', "out.new", "some"),
        ("meta iifgroup 1", "out.new", "some"),
        ("ip ttl 1", "out.new", "some"),
        ("ip frag-off & 0x1fff != 0", "out.new", "some"),
        ("tcp option maxseg size 1-535", "out.new", "some"),
        ("tcp option maxseg size 1-535", "udp.new", "none"),
        # flags of the first packet
        ("tcp flags syn", "out.new", "all"),
        ("tcp flags & (fin|syn|rst|ack) == syn", "out.new", "all"),
        ("tcp flags & (fin|syn|rst|ack) != syn", "out.new", "none"),
        ("tcp flags & (fin|syn|rst|ack) != syn", "udp.new", "none"),
        ("tcp flags & (fin|syn|rst|ack) != syn", "out.established", "some"),
        ("tcp flags & (fin|syn) == (fin|syn)", "out.new", "none"),
        ("tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0", "out.new", "none"),
        ("tcp flags == (syn|ack)", "out.new", "none"),
        ("tcp flags == syn", "out.new", "some"),
        ("tcp flags ! syn", "out.new", "none"),
        # interfaces
        ("iifname lan0", "out.new", "part"),
        ("iifname lan*", "out.new", "all"),
        ("iifname != { lan0, lan1 }", "out.new", "none"),
        ("iifname wan0 oifname lan0", "out.new", "none"),
        # addresses
        ("ip saddr 10.0.0.0/8", "out.new", "all"),
        ("ip saddr & 255.0.0.0 == 10.0.0.0", "out.new", "all"),
        ("ip saddr != 10.0.0.0-10.255.255.255", "out.new", "none"),
        ("ip daddr 10.77.0.20", "in.new", "all"),
        ("ip daddr 203.0.113.1", "in.new", "none"),
        ("ip saddr 192.0.2.1", "peers.new", "part"),
        ("ip saddr { 192.0.2.1, 192.0.2.2 }", "peers.new", "all"),
        # concatenations
        ("ip daddr . tcp dport { 10.77.0.20 . 19812, 10.77.0.21 . 80 }", "in.new", "all"),
        ("ip daddr . tcp dport { 10.77.0.21 . 19812, 10.77.0.20 . 80 }", "in.new", "none"),
        ("ip saddr . tcp dport { 192.0.2.1 . 19812 }", "in.new", "some"),
        ("ip daddr . tcp dport { 10.77.0.20 . 443 }", "udp.new", "none"),
        # routes
        ("fib daddr type local", "out.new", "none"),
        ("fib daddr type unicast", "in.new", "all"),
        ("fib daddr type { local, broadcast, multicast }", "out.new", "none"),
        ("fib saddr type { broadcast, multicast }", "out.new", "none"),
        ("fib saddr . iif oif missing", "out.new", "none"),
        ("fib saddr . iif oif missing", "in.reply", "none"),
        # statements in between
        ('ip daddr 203.0.113.9 log prefix "x" counter', "out.new", "some"),
    )
]

_ZONES = """
map zones {
    type ifname . ifname : verdict
    elements = { "lan0" . "wan0" : jump lan_wan, "lan1" . "wan0" : jump lan_wan,
                 "wan0" . "lan0" : jump wan_lan }
}
set servers {
    type ipv4_addr . inet_service
    flags interval
    elements = { 10.77.0.0/24 . 19812-19814 comment "timeSensor" }
}
set knocked {
    type ipv4_addr
    size 100
    flags dynamic
}
chain lan_wan {
    tcp dport { 80, 443 } accept
    reject comment "lan_wan"
}
chain wan_lan {
    ip daddr . tcp dport @servers accept
    drop comment "wan_lan"
}
chain guest {
    drop comment "guest"
}
"""


def _zoned(*rules: str) -> str:
    return _ZONES + chain("forward", *rules, policy="drop")


_DISPATCH = "iifname . oifname vmap @zones"
_BY_SIDE = 'iifname vmap { "lan0" : accept, "lan1" : goto guest, "wan*" : jump wan_lan, * : drop }'
_HOSTS = "ip saddr 10.77.0.0/24"
_ONE_HOST = "ip daddr 10.77.0.20/32"

# Where do chains call each other, and before which rule (by its comment) do we put what?
CHAINS = [
    Case(_zoned(_DISPATCH), "out.new", []),
    Case(_zoned(_DISPATCH), "out.established", []),
    Case(
        _zoned(_DISPATCH),
        "udp.new",
        [
            f'lan_wan: iifname {{ "lan0", "lan1" }} oifname "wan0" {_HOSTS} udp dport 443'
            " ct state new accept"
        ],
    ),
    # The map has no way from wan0 to lan1.
    Case(
        _zoned(_DISPATCH),
        "in.new",
        [
            f'policy of forward: iifname "wan0" oifname "lan1" {_ONE_HOST} tcp dport 19812'
            " ct state new accept"
        ],
    ),
    Case(
        _zoned(_BY_SIDE),
        "out.new",
        [f'guest: iifname "lan1" oifname "wan0" {_HOSTS} tcp dport 443 ct state new accept'],
    ),
    Case(_zoned(_BY_SIDE), "in.new", []),
    Case(
        _zoned("ct state vmap { established : accept, related : accept, invalid : drop }"),
        "out.reply",
        [],
    ),
    Case(
        _zoned('ct state . iifname vmap { new . "lan0" : accept, new . "lan1" : accept }'),
        "out.new",
        [],
    ),
    Case(_zoned("tcp dport vmap { 1-1023 : accept, 8080 : drop }"), "out.new", []),
    # Directly before the return, by which packets leave for the policy.
    Case(
        _zoned("ip daddr @knocked accept", 'iifname "lan0" return', "accept"),
        "out.new",
        [f'no comment: iifname "lan0" oifname "wan0" {_HOSTS} tcp dport 443 ct state new accept'],
    ),
    # Two rules for two peers.
    Case(
        chain(
            "forward",
            'ip saddr 192.0.2.1 drop comment "one"',
            'ip saddr 192.0.2.2 drop comment "two"',
        ),
        "peers.new",
        [
            f'{name}: iifname "wan0" oifname {{ "lan0", "lan1" }} ip saddr {peer}/32 {_ONE_HOST}'
            " tcp dport 19812 ct state new accept"
            for name, peer in (("one", "192.0.2.1"), ("two", "192.0.2.2"))
        ],
    ),
]

_PRE = "prerouting"
_POLICY = "policy of prerouting"
_NO_CT = (
    "conflict: before connection tracking answers and data connections cannot be told from other"
    " packets"
)


_UNREAD = (
    "conflict: packets have other addresses there than in the flow, and their port forward cannot"
    " be read"
)


def _before(*rules: str, priority: str = "mangle", policy: str = "drop") -> str:
    return chain(_PRE, *rules, priority=priority, policy=policy)


# Prerouting and postrouting: what do packets look like before and behind NAT?
STAGES = [
    # Before the port forward packets have the gateway's address, and the outside port.
    Case(
        nat_chain(FORWARD, filters=_before()),
        "in.new",
        [
            f'{_POLICY}: iifname "wan0" meta nfproto ipv4 fib daddr type local tcp dport 19812'
            " ct state new accept"
        ],
    ),
    Case(
        nat_chain(OTHER_PORT, filters=_before()),
        "in.new",
        [f'{_POLICY}: iifname "wan0" ip daddr 203.0.113.1/32 tcp dport 8443 ct state new accept'],
    ),
    Case(
        nat_chain(OTHER_PORT, filters=_before("tcp dport 19812 drop", policy="accept")),
        "in.new",
        [],
    ),
    # Behind it they have the host's.
    Case(
        nat_chain(
            OTHER_PORT,
            filters=_before("tcp dport 8443 drop", priority="filter", policy="accept"),
        ),
        "in.new",
        [],
    ),
    Case(
        nat_chain(FORWARD, filters=_before(priority="filter")),
        "in.new",
        [f'{_POLICY}: iifname "wan0" {_ONE_HOST} tcp dport 19812 ct state new accept'],
    ),
    Case(
        nat_chain(FORWARD, filters=_drop("ct status dnat")),
        "in.new",
        [
            f'no comment: iifname "wan0" oifname {{ "lan0", "lan1" }} {_ONE_HOST} tcp dport 19812'
            " ct state new accept"
        ],
    ),
    Case(
        nat_chain(FORWARD, filters=chain("forward", "ct status dnat accept", policy="drop")),
        "in.reply",
        [],
    ),
    # A chain with the priority of NAT itself may come before it or behind it.
    Case(
        nat_chain(FORWARD, filters=_before(priority="dstnat")),
        "in.new",
        [
            f'{_POLICY}: iifname "wan0" meta nfproto ipv4 fib daddr type local tcp dport 19812'
            " ct state new accept",
            f'{_POLICY}: iifname "wan0" {_ONE_HOST} tcp dport 19812 ct state new accept',
        ],
    ),
    # Public hosts and private peers need no port forward.
    Case(
        _before(),
        "public.new",
        [
            f'{_POLICY}: iifname "wan0" ip daddr 198.51.100.20/32 tcp dport 19812 ct state new'
            " accept"
        ],
    ),
    Case(
        _before(),
        "vpn.new",
        [
            f'{_POLICY}: iifname "wan0" ip saddr 10.99.0.0/24 {_ONE_HOST} tcp dport 19812'
            " ct state new accept"
        ],
    ),
    # A port forward that cannot be read: no rule of ours would be right.
    Case(
        nat_chain(f"meta mark 7 {FORWARD}", filters=_before()),
        "in.new",
        [_UNREAD],
    ),
    # Without a destination a rule must not open the gateway's own port.
    Case(
        _before(),
        "out.new",
        [
            f'{_POLICY}: iifname {{ "lan0", "lan1" }} {_HOSTS} fib daddr type != local'
            " tcp dport 443 ct state new accept"
        ],
    ),
    # Answers come to the address that masquerading gave them.
    Case(
        _before("ip daddr 10.77.0.0/24 accept"),
        "out.reply",
        [f'{_POLICY}: iifname "wan0" meta nfproto ipv4 tcp sport 443 ct state established accept'],
    ),
    Case(_before("ip daddr 10.77.0.0/24 accept", priority="filter"), "out.reply", []),
    # Before conntrack there is no state.
    Case(
        _before(priority="raw"),
        "out.new",
        [
            f'{_POLICY}: iifname {{ "lan0", "lan1" }} {_HOSTS} fib daddr type != local'
            " tcp dport 443 accept"
        ],
    ),
    Case(_before(priority="raw"), "out.reply", [_NO_CT]),
    Case(_before(priority="raw"), "ftp.related", [_NO_CT]),
    Case(
        _before(
            "ct state new accept",
            'ct state invalid drop comment "none"',
            priority="raw",
            policy="accept",
        ),
        "in.new",
        [f'none: iifname "wan0" {_ONE_HOST} tcp dport 19812 accept'],
    ),
    Case(
        _before("notrack", priority="raw", policy="accept")
        + "\n"
        + chain("forward", "ct state new accept", policy="drop"),
        "out.new",
        [
            f'policy of forward: iifname {{ "lan0", "lan1" }} oifname "wan0" {_HOSTS}'
            " tcp dport 443 ct state new accept"
        ],
    ),
    # Behind masquerading conntrack knows the host.
    Case(
        chain("postrouting", priority="300", policy="drop"),
        "out.new",
        [
            'policy of postrouting: iifname { "lan0", "lan1" } oifname "wan0" meta nfproto ipv4'
            " ct original ip saddr 10.77.0.0/24 tcp dport 443 ct state new accept"
        ],
    ),
    Case(
        chain("postrouting", f"{_HOSTS} iifname lan* accept", policy="drop"),
        "out.new",
        [],
    ),
    # Answers have the outside port again.
    Case(
        nat_chain(OTHER_PORT, filters=chain("postrouting", priority="300", policy="drop")),
        "in.reply",
        [
            'policy of postrouting: iifname { "lan0", "lan1" } oifname "wan0" meta nfproto ipv4'
            " tcp sport 8443 ct state established accept"
        ],
    ),
    # Nothing of ours goes into a NAT chain.
    Case(
        nat_chain("tcp dport 19812 drop"),
        "in.new",
        ["conflict: it is a NAT chain, and NAT is read and never written"],
    ),
    Case(nat_chain("tcp dport 19812 drop"), "in.established", []),
]
