# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NAT of real gateways, and the warnings about it; TABLE stands for the name of the case's
table."""

from __future__ import annotations

from unit.plugins.module_utils.plan.nft_cases import FORWARD, OTHER_PORT, Case, chain, nat_chain

_MISSING = "p/in: no NAT rule of this gateway forwards tcp port 19812 that arrives on wan0 to"
_MISSING += " 10.77.0.20"
_RULE = 'iifname "wan0" fib daddr type local tcp dport 19812 dnat ip to 10.77.0.20'
_ADD = f"nft 'add rule inet TABLE nat {_RULE}'"
_MISSING_ADD = [f"{_MISSING} ## {_ADD}"]


def _unreadable(handle: int) -> str:
    return (
        "p/in: whether tcp port 19812 that arrives on wan0 is forwarded to 10.77.0.20 could not be"
        f" read from rule {handle} of table inet TABLE, chain nat"
    )


_MAPS = """
map by_port {
    type inet_service : ipv4_addr
    elements = { 19812 : 10.77.0.20, 80 : 10.77.0.21 }
}
map by_address {
    type ipv4_addr . inet_service : ipv4_addr . inet_service
    elements = { 203.0.113.1 . 8443 : 10.77.0.20 . 19812 }
}
map learned {
    type inet_service : ipv4_addr
    flags timeout
}
set partners {
    type ipv4_addr
    elements = { 192.0.2.1 }
}
chain dmz {
    tcp dport 19812-19814 dnat ip to 10.77.0.20
}
"""


def _maps(*rules: str) -> str:
    return nat_chain(*rules, filters=_MAPS)


_BALANCED = "iifname wan0 tcp dport 19812 dnat ip to numgen inc mod 2 map"
_ELSEWHERE = [
    "p/in: rule 2 of table inet TABLE, chain nat forwards tcp port 19812 that arrives on wan0"
    f" elsewhere and not to 10.77.0.20 ## nft 'insert rule inet TABLE nat handle 2 {_RULE}'"
]

# Is the port forward there? The warnings, each with its command.
FORWARDS = [
    Case(nat_chain(FORWARD), "in", []),
    Case(nat_chain(OTHER_PORT), "in", []),
    Case(nat_chain("iifname wan0 tcp dport { 80, 19000-19900 } dnat ip to 10.77.0.20"), "in", []),
    Case(nat_chain("iifname wan0 dnat ip to 10.77.0.20"), "in", []),
    Case(nat_chain("fib daddr type local meta l4proto tcp dnat ip to 10.77.0.20"), "in", []),
    Case(nat_chain("ip daddr 203.0.113.0/24 th dport 19812 dnat ip to 10.77.0.20"), "in", []),
    Case(nat_chain("tcp dport 19000-19900 dnat ip to 10.77.0.20:19812-19814"), "in", []),
    Case(nat_chain("dnat ip prefix to ip daddr map { 203.0.113.0/24 : 10.77.0.0/24 }"), "in", []),
    Case(nat_chain(f"{_BALANCED} {{ 0 : 10.77.0.20, 1 : 10.77.0.20 }}"), "in", []),
    Case(nat_chain("tcp dport 80 dnat ip to 10.77.0.21", FORWARD), "in", []),
    Case(_maps("dnat ip to tcp dport map @by_port"), "in", []),
    Case(_maps("dnat ip to ip daddr . tcp dport map @by_address"), "in", []),
    Case(_maps("iifname wan0 jump dmz"), "in", []),
    Case(_maps('iifname vmap { "wan0" : goto dmz }'), "in", []),
    # Nothing is missing where packets need no port forward.
    Case(nat_chain(), "public", []),
    Case(nat_chain(), "vpn", []),
    # Missing: there is none, or one for another interface, protocol, port.
    Case(nat_chain(), "in", _MISSING_ADD),
    Case(nat_chain(FORWARD.replace("wan0", "wan9")), "in", _MISSING_ADD),
    Case(nat_chain(FORWARD.replace("tcp", "udp")), "in", _MISSING_ADD),
    Case(nat_chain(FORWARD.replace("19812", "19813")), "in", _MISSING_ADD),
    Case(nat_chain(f"{OTHER_PORT[:-5]}19813"), "in", _MISSING_ADD),
    Case(_maps("dnat ip to udp dport map @by_port"), "in", _MISSING_ADD),
    # The rule must stand before what ends the chain.
    Case(
        nat_chain("ip saddr 10.77.0.0/24 return", 'iifname "wan0" accept'),
        "in",
        [f"{_MISSING} ## nft 'insert rule inet TABLE nat handle 3 {_RULE}'"],
    ),
    Case(
        "chain nat { type nat hook prerouting priority dstnat; }",
        "in",
        [f"{_MISSING} ## {_ADD.replace('inet', 'ip').replace('dnat ip', 'dnat')}"],
        family="ip",
    ),
    Case(
        chain("forward"),
        "in",
        [
            f"{_MISSING} ## nft add table ip port_forwards && nft 'add chain ip port_forwards"
            " prerouting { type nat hook prerouting priority dstnat; }' && nft 'add rule ip"
            f" port_forwards prerouting {_RULE.replace('dnat ip', 'dnat')}'"
        ],
    ),
    # To another host, or to the gateway itself.
    Case(nat_chain(f"{FORWARD[:-1]}1"), "in", _ELSEWHERE),
    Case(nat_chain("tcp dport 19812 redirect to :8080"), "in", _ELSEWHERE),
    Case(nat_chain(f"ip daddr 203.0.113.1 {FORWARD[:-1]}1"), "in", _ELSEWHERE),
    Case(
        nat_chain("ip6 daddr 2001:db8::1 tcp dport 19812 dnat ip6 to fd77::21"),
        "in6",
        [
            "p/in6: rule 2 of table inet TABLE, chain nat forwards tcp port 19812 that arrives on"
            " wan0 elsewhere and not to fd77::20 ## nft 'insert rule inet TABLE nat handle 2"
            ' iifname "wan0" fib daddr type local tcp dport 19812 dnat ip6 to fd77::20\''
        ],
    ),
    # What cannot be read is not called missing.
    Case(nat_chain(f"meta mark 1 {FORWARD}"), "in", [f"{_unreadable(2)} ## {_ADD}"]),
    Case(_maps("dnat ip to tcp dport map @learned"), "in", [f"{_unreadable(8)} ## {_ADD}"]),
    Case(_maps(f"ip saddr @partners {FORWARD}"), "in", [f"{_unreadable(8)} ## {_ADD}"]),
    Case(
        nat_chain(f"{_BALANCED} {{ 0 : 10.77.0.20, 1 : 10.77.0.21 }}"),
        "in",
        [f"{_unreadable(3)} ## nft 'insert rule inet TABLE nat handle 3 {_RULE}'"],
    ),
]


def _source(*rules: str) -> str:
    head = "type nat hook postrouting priority srcnat; policy accept;"
    return "\n".join(["chain nat {", head, *rules, "}"])


_UNTRANSLATED = (
    "p: no NAT rule of this gateway translates the source of packets from 10.77.0.0/24 that leave"
    " by wan0 ## "
)
_MASQUERADE = 'ip saddr 10.77.0.0/24 oifname "wan0" masquerade'
_UNTRANSLATED_ADD = [f"{_UNTRANSLATED}nft 'add rule inet TABLE nat {_MASQUERADE}'"]

# Is the source of outbound packets translated?
SOURCES = [
    Case(_source("oifname wan0 masquerade"), "out", []),
    Case(_source("ip saddr 10.0.0.0/8 oifname wan0 snat ip to 203.0.113.1"), "out", []),
    Case(
        _source(
            "ip daddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept",
            "oifname wan0 masquerade",
        ),
        "out",
        [],
    ),
    Case(_source('iifname "lan*" oifname "wan0" masquerade'), "out", []),
    Case(_source("ip daddr != 10.0.0.0/8 masquerade"), "out", []),
    # Perhaps: nothing is said.
    Case(_source("meta mark 1 masquerade"), "out", []),
    Case(_source("ip saddr 10.77.0.0/25 masquerade"), "out", []),
    # Certainly not.
    Case(_source("oifname wan9 masquerade"), "out", _UNTRANSLATED_ADD),
    Case(_source("ip daddr 10.0.0.0/8 masquerade"), "out", _UNTRANSLATED_ADD),
    Case(
        _source("oifname wan0 accept"),
        "out",
        [f"{_UNTRANSLATED}nft 'insert rule inet TABLE nat handle 2 {_MASQUERADE}'"],
    ),
    Case(
        chain("forward"),
        "out",
        [
            f"{_UNTRANSLATED}nft add table ip source_nat && nft 'add chain ip source_nat"
            " postrouting { type nat hook postrouting priority srcnat; }' && nft 'add rule ip"
            f" source_nat postrouting {_MASQUERADE}'"
        ],
    ),
    # Nobody knows which hosts are inside.
    Case(chain("forward"), "any", []),
]
