# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments of ftp_path after a failure: causes that look alike in one download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from integration_lab.ftp_faulty_server import APART
from integration_lab.ftp_hosts import SEED, FtpFirm, Measured, chain

SIZE = 32 << 20
FILE = "package.bin"
SMALL = "small.bin"
MEDIUM = "medium.bin"
CAP = 8_000_000
# The server rests between pieces, so that little is on the way when a rule cuts; without that the
# megabytes in the buffers of both hosts blur a limit of eight.
PACED = "anon_max_rate=40000000"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpFirm]:
    firm = FtpFirm(tmp_path_factory.mktemp("ftp"))
    try:
        firm.pattern_file(FILE, SIZE)
        firm.pattern_file(SMALL, 4_000_000)
        firm.pattern_file(MEDIUM, 10_000_000)
        firm.router.sh("sysctl -qw net.netfilter.nf_conntrack_acct=1")
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


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize(
    "cut",
    ['iifname "wan0" tcp sport != 21', 'iifname "lan0" tcp dport != 21'],
    ids=["silently", "by a reset"],
)
def test_a_limit_on_bytes(open_firm: FtpFirm, cut: str, root: bool) -> None:
    end = "drop" if "wan0" in cut else "reject with tcp reset"
    open_firm.serve_ftp(PACED)
    open_firm.router.nft(chain("forward", f"{cut} ct reply bytes > {CAP} {end}"))
    found = run(open_firm, stall_timeout=1, root=root)
    assert found.short == ("byte_cap", "high")
    assert 0.8 * CAP < found.result["bytes"] < 1.2 * CAP
    assert "Each connection is cut after about " in found.result["fix"]


def test_a_limit_in_the_second_half_of_the_file(open_firm: FtpFirm) -> None:
    """The rest alone would be too short to meet it again."""
    cut = 'iifname "lan0" tcp dport != 21 ct reply bytes > 22000000 reject with tcp reset'
    open_firm.serve_ftp(PACED)
    open_firm.router.nft(chain("forward", cut))
    found = run(open_firm)
    assert found.short == ("byte_cap", "high")


def test_a_limit_on_bytes_or_time(open_firm: FtpFirm) -> None:
    """On a slow line nobody can tell the two."""
    open_firm.serve_ftp("anon_max_rate=1400000")
    open_firm.router.nft(
        chain("forward", f'iifname "wan0" tcp sport != 21 ct reply bytes > {CAP} drop')
    )
    found = run(open_firm, stall_timeout=1)
    assert found.short == ("byte_cap", "medium")
    assert "Or a timer ends each session after" in found.result["fix"]


def test_a_reset_once_is_no_limit(open_firm: FtpFirm) -> None:
    open_firm.serve_ftp(PACED)
    open_firm.router.nft(
        "table inet t {\n set first { type inet_service; size 1; flags dynamic; }\n chain c {\n"
        " type filter hook forward priority 0\n"
        ' iifname "lan0" tcp dport != 21 ct state new add @first { tcp sport }\n'
        f' iifname "lan0" tcp sport @first ct reply bytes > {CAP} reject with tcp reset\n }}\n}}'
    )
    found = run(open_firm)
    assert found.short == ("reset_by_path", "high")
    assert "the rest, asked for from byte" in found.values()


@pytest.mark.parametrize(("size", "clamp"), [(1400, 1200), (900, 536)])
def test_full_sized_packets_that_get_lost(open_firm: FtpFirm, size: int, clamp: int) -> None:
    open_firm.router.nft(chain("output", "icmp type destination-unreachable drop"))
    open_firm.router.sh(f"ip link set lan0 mtu {size}")
    try:
        found = run(open_firm, stall_timeout=1)
    finally:
        open_firm.router.sh("ip link set lan0 mtu 1500")
    assert found.short == ("pmtu_blackhole", "high")
    assert f"with segments of {clamp} bytes: 65536 bytes" in found.values()
    assert "ICMP type 3 code 4" in found.result["fix"]


@pytest.mark.parametrize(("mode", "ok"), [("epsv", "fail"), ("auto", "warn")])
def test_epsv_blocked(open_firm: FtpFirm, mode: str, ok: str) -> None:
    open_firm.serve_fault("epsv_apart", SMALL)
    open_firm.router.nft(chain("forward", f"tcp dport {APART} drop"))
    found = run(open_firm, path=SMALL, mode=mode)
    assert found.short == ("epsv_blocked", "high")
    assert (found.result["status"], found.result["ok"]) == (ok, False)
    assert found.result["modes"] == {"epsv": "timeout", "pasv": "connected"}


def test_pasv_mangled(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("pasv_mangled", SMALL)
    found = run(open_firm, path=SMALL, mode="pasv")
    assert found.short == ("pasv_mangled", "high")
    assert found.result["modes"] == {"pasv": "refused", "epsv": "connected"}
    assert run(open_firm, path=SMALL).short == ("ok", "high")


def test_data_from_another_address(open_firm: FtpFirm) -> None:
    open_firm.router.sh("ip addr add 10.72.0.77/24 dev wan0")
    try:
        open_firm.router.nft(
            "table ip nat {\n chain c {\n type nat hook postrouting priority 100\n"
            ' oifname "wan0" tcp dport != 21 snat to 10.72.0.77\n }\n}'
        )
        found = run(open_firm)
        assert found.short == ("data_source_mismatch", "high")
        assert "Bad IP" in found.values()
        open_firm.serve_ftp("pasv_promiscuous=YES")
        assert run(open_firm).short == ("ok", "high")
    finally:
        open_firm.router.sh("ip addr del 10.72.0.77/24 dev wan0")


def test_some_data_connections_are_dropped(open_firm: FtpFirm) -> None:
    """As where a session table is full. Each try sends its SYN twice."""
    lost = 'iifname "lan0" tcp dport != 21 tcp flags syn numgen inc mod 100 < 4 drop'
    open_firm.router.nft(chain("forward", lost))
    found = run(open_firm)
    assert found.short == ("passive_data_blocked", "low")
    assert "session table that is full" in found.result["fix"]


@pytest.mark.parametrize(("rule", "neighbour"), [("", "timeout"), ("reject", "refused")])
def test_the_neighbour_of_a_blocked_port(open_firm: FtpFirm, rule: str, neighbour: str) -> None:
    open_firm.serve_ftp("pasv_min_port=4100", "pasv_max_port=4100")
    other = f"tcp dport 4101 {rule} with tcp reset" if rule else ""
    open_firm.router.nft(
        chain(
            "forward", f"ct state established,related accept\n tcp dport 21 accept\n{other}\ndrop"
        )
    )
    found = run(open_firm)
    assert found.short == ("passive_data_blocked", "high")
    assert f"port 4101, which was not announced: {neighbour}" in found.values()


@pytest.mark.parametrize(
    ("fault", "found_as"),
    [
        ("held", ("held_by_proxy", "high")),
        ("held_and_trickled", ("held_by_proxy", "high")),
        ("held_quietly", ("held_by_proxy", "medium")),
    ],
)
def test_a_proxy_that_takes_the_file_first(
    open_firm: FtpFirm, fault: str, found_as: tuple[str, str]
) -> None:
    open_firm.serve_fault(fault, SMALL)
    found = run(open_firm, path=SMALL)
    assert found.short == found_as
    assert (found.result["status"], found.result["ok"]) == ("warn", False)
    assert found.result["bytes"] == 4_000_000
    assert "scan in flow mode" in found.result["fix"]


def test_a_proxy_that_keeps_the_file(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("held_for_ever", SMALL)
    found = run(open_firm, path=SMALL, stall_timeout=1)
    assert found.short == ("held_by_proxy", "high")
    assert found.result["status"] == "fail"


def test_a_shaper(open_firm: FtpFirm) -> None:
    tbf = "tc qdisc replace dev lan0 root tbf rate 20mbit burst 32k latency 50ms"
    open_firm.router.sh(tbf)
    try:
        found = run(open_firm, path=MEDIUM, min_mbit=50)
        healthy = run(open_firm, path=MEDIUM)
    finally:
        open_firm.router.sh("tc qdisc del dev lan0 root")
    assert found.short == ("throttled_shaped", "medium")
    assert "The rate stands at 19 Mbit/s" in found.result["fix"]
    assert healthy.short == ("ok", "high")


def test_a_policer(open_firm: FtpFirm) -> None:
    over = "ct reply bytes > 20000000 limit rate over 1500 kbytes/second burst 64 kbytes drop"
    open_firm.router.nft(chain("forward", f'iifname "wan0" tcp sport != 21 {over}'))
    found = run(open_firm, min_mbit=50)
    assert found.short == ("throttled_policed", "medium")
    assert run(open_firm).short == ("ok", "high")


def test_window_scaling_is_stripped(open_firm: FtpFirm) -> None:
    open_firm.router.nft(chain("forward", "tcp flags syn reset tcp option window"))
    found = run(open_firm)
    assert found.short == ("tcp_options_stripped", "medium")
    assert found.result["status"] == "warn"
    open_firm.client.sh("sysctl -qw net.ipv4.tcp_window_scaling=0")
    try:
        assert run(open_firm).short == ("ok", "high")
    finally:
        open_firm.client.sh("sysctl -qw net.ipv4.tcp_window_scaling=1")


def test_a_private_address_in_the_reply_to_pasv(open_firm: FtpFirm) -> None:
    open_firm.serve_ftp("pasv_address=192.168.55.5")
    found = run(open_firm, mode="pasv")
    assert found.short == ("pasv_private_address", "high")
    assert found.result["status"] == "warn"
    assert "address in the 227 reply: 192.168.55.5" in found.values()
    assert run(open_firm).short == ("ok", "high")


def test_a_port_forward_of_21_alone(open_firm: FtpFirm) -> None:
    open_firm.router.nft(
        "table ip nat {\n chain c {\n type nat hook prerouting priority -100\n"
        ' iifname "lan0" tcp dport 21 dnat to 10.72.0.2\n }\n}'
    )
    found = run(open_firm, host=open_firm.inside)
    assert found.short == ("pasv_private_address", "medium")
    assert "forward its passive port range" in found.result["fix"]


def test_notes_of_what_is_no_fault(open_firm: FtpFirm) -> None:
    open_firm.serve_ftp("ftpd_banner=**************")
    notes = run(open_firm).result["notes"]
    assert [note.split(":")[0] for note in notes] == ["inspected"]


def test_without_diagnose_nothing_more_is_sent(open_firm: FtpFirm) -> None:
    open_firm.router.nft(
        chain("forward", f'iifname "wan0" tcp sport != 21 ct reply bytes > {CAP} drop')
    )
    found = run(open_firm, stall_timeout=1, diagnose=False)
    assert found.short == ("silent_stall", "high")
    assert found.seen["experiments"] == []


def test_keepalive_is_tried_where_the_control_connection_was_lost(open_firm: FtpFirm) -> None:
    keys = "net.netfilter.nf_conntrack_tcp_"
    timeouts = f"sysctl -qw {keys}loose={{}} {keys}timeout_established={{}}"
    open_firm.router.sh(timeouts.format(0, 3))
    try:
        open_firm.router.nft(chain("forward", "ct state invalid drop"))
        open_firm.serve_ftp("anon_max_rate=6000000")
        found = run(open_firm)
    finally:
        open_firm.router.sh(timeouts.format(1, 432000))
    assert found.short == ("control_idle_dropped", "high")
    assert "s idle with keepalive: answered" in found.values()
