# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firm on paper: addresses, names, cables and routes."""

from __future__ import annotations

import dataclasses

import pytest

from lab import HostSpec, LabError, Nic, firm, network


def test_addresses_have_the_same_digits_in_both_families() -> None:
    plan = firm()
    assert plan.addresses(plan.host("workstation")) == ["10.77.0.10", "fd77::10"]
    assert plan.addresses(plan.host("outsider")) == ["203.0.113.66", "2001:db8:113::66"]
    gateway = plan.host("gateway")
    assert plan.addresses(gateway, "wan") == ["203.0.113.1", "2001:db8:113::1"]
    assert plan.addresses(gateway)[:2] == ["10.77.0.1", "fd77::1"]


def test_hosts_file() -> None:
    lines = firm().hosts_file().splitlines()
    assert lines[:2] == ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    assert "10.77.0.1 gateway gateway.firm.test" in lines
    assert "2001:db8:113::30 datacentre server365.datacentre.test" in lines
    assert not any(line.startswith("203.0.113.1 ") for line in lines)
    assert len(lines) == 2 + 2 * 8


@pytest.mark.parametrize("policy", ["drop", "accept"])
def test_the_gateways_rules(policy: str) -> None:
    rules = firm(forward=policy).host("gateway").rules
    assert f"hook forward priority filter; policy {policy};" in rules
    assert 'iifname "lan0" oifname "wan0" masquerade' in rules


def test_no_cable_is_longer_than_an_interface_name() -> None:
    plan = firm()
    for host in plan.hosts:
        for line in network.cable_lines(plan, host, 42):
            for name in (word for word in line.split() if "." in word):
                assert len(name) <= 15


def test_cables_of_the_gateway() -> None:
    plan = firm()
    assert network.cable_lines(plan, plan.host("gateway"), 42) == [
        "link add gateway.0 type veth peer name lan0 address 02:00:0a:4d:00:01 netns 42",
        "link set gateway.0 addrgenmode none master lan up",
        "link add gateway.1 type veth peer name wan0 address 02:00:cb:00:71:01 netns 42",
        "link set gateway.1 addrgenmode none master wan up",
    ]


def test_hosts_that_boot_come_with_an_admin_who_reaches_both_sides() -> None:
    assert "admin" not in [host.name for host in firm().hosts]
    plan = firm(booted=("gateway", "datacentre"), suite="trixie")
    booting = {host.name: host.boots for host in plan.hosts if host.boots}
    assert booting == {"gateway": "trixie", "datacentre": "trixie"}
    assert [nic.network for nic in plan.host("admin").nics] == ["lan", "wan"]


def test_routes_inside_outside_and_on_the_gateway() -> None:
    plan = firm()

    def routes(name: str) -> list[str]:
        lines = network.address_lines(plan, plan.host(name), "cubic")
        return [line for line in lines if " via " in line]

    assert routes("server") == [
        "route add 0.0.0.0/0 via 10.77.0.1 congctl cubic",
        "route add ::/0 via fd77::1 congctl cubic",
    ]
    # IPv6 only: the firm's IPv4 addresses are private.
    assert routes("update") == ["route add fd77::/64 via 2001:db8:113::1 congctl cubic"]
    assert routes("gateway") == []


def test_no_congestion_control_is_named_where_the_default_is_fine() -> None:
    plan = firm()
    assert "congctl" not in "".join(network.address_lines(plan, plan.host("server"), ""))


def test_a_router_out_of_reach_is_an_error() -> None:
    plan = firm()
    stray = HostSpec("stray", (Nic("eth0", "wan", 99),), via="server")
    plan = dataclasses.replace(plan, hosts=(*plan.hosts, stray))
    with pytest.raises(LabError, match="host server routes for a host with which it shares no"):
        network.address_lines(plan, stray, "")


def test_only_a_router_forwards() -> None:
    plan = firm()
    assert network.sysctls(plan.host("gateway"))["net/ipv4/ip_forward"] == "1"
    assert "net/ipv4/ip_forward" not in network.sysctls(plan.host("server"))
