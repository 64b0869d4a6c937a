# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ftp_path blames who is to blame: faults that look like another one at first sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from integration_lab.ftp_hosts import SEED, FtpFirm, Measured, chain

SIZE = 4_000_000
FILE = "small.bin"
# A gateway without the helper.
NO_DATA = "ct state established,related accept\n tcp dport 21 accept\n counter drop"


def nat(rule: str) -> str:
    return (
        f"table ip nat {{\n chain c {{\n type nat hook postrouting priority 100\n {rule}\n }}\n}}"
    )


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpFirm]:
    firm = FtpFirm(tmp_path_factory.mktemp("ftp"))
    try:
        firm.pattern_file(FILE, SIZE)
        firm.pattern_file("empty.bin", 0)
        firm.client.sh(
            f"printf '{firm.server_address} both.test\\n{firm.server_address6} both.test\\n'"
            " >/run/hosts; mount --bind /run/hosts /etc/hosts"
        )
        yield firm
    finally:
        firm.close()


@pytest.fixture
def open_firm(firm: FtpFirm) -> FtpFirm:
    return firm.fresh()


def run(firm: FtpFirm, **params: Any) -> Measured:
    return firm.measure(
        **{"path": FILE, "seed": SEED, "connect_timeout": 1.5, "reply_timeout": 3, **params}
    )


@pytest.mark.parametrize("fault", ["silent_at_epsv", "closed_at_epsv", "reset_at_epsv"])
def test_a_server_that_does_not_answer_epsv(open_firm: FtpFirm, fault: str) -> None:
    open_firm.serve_fault(fault, FILE)
    found = run(open_firm)
    assert found.short == ("server_no_answer", "low")
    assert "It does not take the mode epsv" in found.result["fix"]


def test_preliminary_replies_without_end_do_not_hold_us(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("endless_1xx", FILE)
    assert run(open_firm).result["verdict"] == "server_no_answer"


def test_a_mangled_reply_to_epsv_leads_to_pasv(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("epsv_mangled", FILE)
    found = run(open_firm)
    assert found.short == ("ok", "high")
    assert found.result["notes"][0].startswith("epsv_failed: ")


def test_a_restart_marker_is_no_final_reply(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("marker_before_226", FILE)
    assert run(open_firm).short == ("ok", "high")


def test_a_server_without_pasv_does_not_hide_the_gateway(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("no_pasv", FILE)
    open_firm.router.nft(chain("forward", NO_DATA))
    found = run(open_firm)
    assert found.short == ("passive_data_blocked", "high")
    assert found.result["modes"] == {"epsv": "timeout", "pasv": "reply"}


def test_a_server_that_resets_at_the_end_is_no_idle_timeout(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("reset_before_226", FILE)
    for root in (True, False):
        assert run(open_firm, root=root).short == ("final_reply_missing", "medium")


def test_an_empty_file_proves_nothing(open_firm: FtpFirm) -> None:
    found = run(open_firm, path="empty.bin")
    assert found.short == ("server_wrong_file", "high")
    assert (found.result["ok"], found.result["verified"]) == (False, False)
    assert "is empty" in found.result["fix"]


def test_a_file_larger_than_expected_is_not_corrupted(open_firm: FtpFirm) -> None:
    found = run(open_firm, expected_size=100)
    assert found.short == ("server_wrong_file", "high")
    assert f"has {SIZE} bytes" in found.result["fix"]


def test_a_data_connection_that_does_not_end(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("data_stays_open", FILE)
    found = run(open_firm, stall_timeout=1)
    assert found.short == ("silent_stall", "medium")
    assert "All bytes came" in found.result["fix"]


def test_full_sized_packets_that_get_lost(open_firm: FtpFirm) -> None:
    open_firm.router.nft(chain("output", "icmp type destination-unreachable drop"))
    open_firm.router.sh("ip link set lan0 mtu 1400")
    try:
        found = run(open_firm, stall_timeout=1)
    finally:
        open_firm.router.sh("ip link set lan0 mtu 1500")
    assert found.short == ("pmtu_blackhole", "high")
    assert found.result["bytes"] == 0
    assert "clamp the MSS" in found.result["fix"]


@pytest.mark.parametrize(
    "off", ["ip -6 route del default", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1"]
)
def test_a_family_without_a_way_does_not_hide_the_other(open_firm: FtpFirm, off: str) -> None:
    open_firm.router.nft(chain("forward", "tcp dport 21 drop"))
    open_firm.client.sh(off)
    try:
        for root in (True, False):
            found = run(open_firm, host="both.test", root=root)
            assert found.short == ("control_port_blocked", "high")
            assert "on the firewalls between" in found.result["fix"]
    finally:
        open_firm.client.sh(
            "sysctl -qw net.ipv6.conf.all.disable_ipv6=0;"
            "ip -6 addr replace fd71::2/64 dev eth0 nodad;ip -6 route replace default via fd71::1"
        )


def test_the_deadline_holds_for_names_too(open_firm: FtpFirm) -> None:
    open_firm.use_name_server(open_firm.server_address)
    open_firm.router.nft(chain("forward", "udp dport 53 drop"))
    assert run(open_firm, host="slow.test").short == ("dns_failed", "high")
    assert run(open_firm, host="slow.test", deadline=0.3).short == ("deadline_exceeded", "high")


def test_no_route_is_no_firewall(open_firm: FtpFirm) -> None:
    open_firm.client.sh("ip route del default")
    try:
        found = run(open_firm)
    finally:
        open_firm.client.sh("ip route add default via 10.71.0.1")
    assert found.short == ("control_port_blocked", "high")
    assert "has no route to" in found.result["fix"]


def test_an_address_that_fails_is_named(open_firm: FtpFirm) -> None:
    open_firm.router.nft(chain("forward", "ip6 daddr fd72::2 tcp dport 21 drop"))
    found = run(open_firm, host="both.test")
    assert found.short == ("ipv6_blocked", "high")
    assert (found.result["status"], found.result["bytes"]) == ("warn", SIZE)
    assert found.result["notes"][0].startswith("address_failed: fd72::2 ")


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("tcp sport 21 drop", "control_port_blocked"),
        ("tcp sport > 1023 drop", "passive_data_blocked"),
    ],
)
def test_answers_dropped_on_this_host(open_firm: FtpFirm, rule: str, verdict: str) -> None:
    open_firm.client.nft(chain("input", rule))
    found = run(open_firm)
    assert found.short == (verdict, "high")
    assert "This host's own firewall drops" in found.result["fix"]


def test_data_rejected_on_this_host(open_firm: FtpFirm) -> None:
    open_firm.client.nft(chain("output", "tcp dport > 1023 reject"))
    found = run(open_firm)
    assert found.short == ("passive_data_rejected", "high")
    assert "This host's own firewall stops" in found.result["fix"]


def test_active_mode_through_nat_without_the_helper(open_firm: FtpFirm) -> None:
    open_firm.router.nft(nat('oifname "wan0" masquerade'))
    found = run(open_firm, mode="active")
    assert found.short == ("active_data_blocked", "medium")
    assert "the gateway that translates addresses" in found.result["fix"]
    assert "10.71.0.2" in found.result["fix"]


def test_active_data_from_another_address(open_firm: FtpFirm) -> None:
    open_firm.router.nft(nat("tcp sport 20 snat to 10.72.0.77"))
    found = run(open_firm, mode="active")
    assert found.short == ("active_data_blocked", "high")
    assert "not from 10.72.0.77" in found.result["fix"]
    assert "connection from another address: 10.72.0.77" in found.values()


def test_loopback_clamps_nothing(open_firm: FtpFirm) -> None:
    open_firm.client, client = open_firm.server, open_firm.client
    try:
        assert run(open_firm, host="127.0.0.1").result["notes"] == []
    finally:
        open_firm.client = client
