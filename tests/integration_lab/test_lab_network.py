# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firm's network behaves as a firm's does.

Broadcast inside, masquerading and a closed gateway.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lab import Host, Lab, firm

pytestmark = pytest.mark.lab

V4, V6 = socket.AF_INET, socket.AF_INET6


def connect(source: Host, target: Host, family: socket.AddressFamily) -> str:
    """Connect to a listener on the target; returns the address that the target saw."""
    address = target.address if family == V4 else target.address6
    with target.socket(family) as listener, source.socket(family) as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, 19812))
        listener.listen()
        client.settimeout(0.5)
        client.connect((address, 19812))
        accepted, peer = listener.accept()
        accepted.close()
        return str(peer[0])


def test_everyone_reaches_their_neighbours(shared_firm: Lab) -> None:
    for names in (("workstation", "server", "gateway"), ("update", "mail", "outsider", "gateway")):
        first = shared_firm[names[0]]
        for name in names[1:]:
            host = shared_firm[name]
            # The gateway is known by its inside address; from outside by the other one.
            shown = host.addresses[2:] or host.addresses
            for address in host.addresses[:2] if names[0] == "workstation" else shown:
                first.run(["ping", "-c", "1", "-W", "2", address], check=True)


def test_names_are_known_everywhere(shared_firm: Lab) -> None:
    for host in shared_firm.hosts.values():
        assert host.sh("getent ahostsv4 update.vendor.test").split()[0] == "203.0.113.21"
        assert host.sh("getent ahostsv6 server365.datacentre.test").split()[0] == (
            "2001:db8:113::30"
        )


@pytest.mark.parametrize("address", ["10.77.0.255", "255.255.255.255"])
def test_a_broadcast_of_the_server_is_heard_in_its_own_subnet_only(
    shared_firm: Lab, address: str
) -> None:
    with (
        shared_firm["workstation"].socket(V4, socket.SOCK_DGRAM) as inside,
        shared_firm["outsider"].socket(V4, socket.SOCK_DGRAM) as outside,
        shared_firm["server"].socket(V4, socket.SOCK_DGRAM) as sender,
    ):
        for receiver in (inside, outside):
            receiver.bind(("", 19813))
            receiver.settimeout(1 if receiver is inside else 0.1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.sendto(b"here I am", (address, 19813))
        data, (peer, _unused) = inside.recvfrom(64)
        assert (data, peer) == (b"here I am", "10.77.0.20")
        with pytest.raises(TimeoutError):
            outside.recvfrom(64)


@pytest.mark.parametrize("family", [V4, V6])
def test_the_gateway_drops_until_its_administrator_accepts(
    fresh_firm: Lab, family: socket.AddressFamily
) -> None:
    inside, outside = fresh_firm["server"], fresh_firm["datacentre"]
    with pytest.raises(TimeoutError):
        connect(inside, outside, family)
    fresh_firm["gateway"].nft(
        'add rule inet firm_filter forward iifname "lan0" oifname "wan0" tcp dport 19812 accept\n'
    )
    # IPv4 is masqueraded, IPv6 is routed.
    seen = connect(inside, outside, family)
    assert seen == ("203.0.113.1" if family == V4 else "fd77::20")


def test_a_gateway_that_accepts_everything() -> None:
    with Lab(firm(forward="accept")) as lab:
        assert connect(lab["workstation"], lab["licence"], V4) == "203.0.113.1"
        assert connect(lab["outsider"], lab["server"], V6) == "2001:db8:113::66"


def test_the_outside_has_no_route_to_private_addresses(shared_firm: Lab) -> None:
    with pytest.raises(OSError, match="Network is unreachable"):
        connect(shared_firm["outsider"], shared_firm["server"], V4)


def test_the_callers_own_ruleset_is_loaded() -> None:
    rules = "table inet mine {\n\tchain mine {\n\t}\n}\n"
    with Lab(firm(rules=rules)) as lab:
        assert lab["gateway"].ruleset() == rules
        assert lab["gateway"].read("/etc/nftables.conf") == rules


def test_routes_carry_cubic_where_the_machine_has_bbr(shared_firm: Lab) -> None:
    default = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    if default != "bbr":
        assert "congctl" not in shared_firm["server"].sh("ip route; ip -6 route")
        return
    with (
        shared_firm["update"].socket() as listener,
        shared_firm["licence"].socket() as client,
    ):
        listener.bind(("", 5000))
        listener.listen()
        client.connect((shared_firm["update"].address, 5000))
        for sock in (client, listener.accept()[0]):
            used = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
            sock.close()
            assert used.rstrip(b"\0") == b"cubic"


def test_a_fault_drops_one_port_and_can_be_mended(open_firm: Lab) -> None:
    inside, outside = open_firm["workstation"], open_firm["datacentre"]
    rules = open_firm["gateway"].ruleset()
    with open_firm.fault("drop_port", port=19812), pytest.raises(TimeoutError):
        connect(inside, outside, V4)
    assert connect(inside, outside, V4) == "203.0.113.1"
    reject = {"port": 19812, "verdict": "reject with tcp reset"}
    with open_firm.fault("drop_port", **reject), pytest.raises(ConnectionRefusedError):
        connect(inside, outside, V4)
    on_host = {"port": 19812, "host": "workstation"}
    with open_firm.fault("drop_port", **on_host), pytest.raises(TimeoutError):
        connect(inside, outside, V4)
    assert open_firm["gateway"].ruleset() == rules
