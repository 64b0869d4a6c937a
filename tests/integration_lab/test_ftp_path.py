# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every verdict of ftp_path against a real fault: rules on a real router, real servers, real
packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration_lab.ftp_hosts import SEED, FtpFirm, Measured

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import rules

FILE = "package.bin"
SIZE = 16 << 20
SMALL = "small.bin"
SMALL_SIZE = 4_000_000

# A gateway as firms have them: only what is named may go out.
GATEWAY = """
table inet firm {
%s
  chain forward {
    type filter hook forward priority 0; policy drop;
%s
    ct state established,related accept
    iifname "lan0" tcp dport 21 accept
%s
  }
}
"""
HELPER = """
  ct helper ftp-standard { type "ftp" protocol tcp; }
  chain assign {
    type filter hook prerouting priority -150
    tcp dport 21 ct helper set "ftp-standard"
  }
"""


def gateway(first: str = "", last: str = "", helper: bool = False) -> str:
    return GATEWAY % (HELPER if helper else "", first, last)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpFirm]:
    firm = FtpFirm(tmp_path_factory.mktemp("ftp"))
    try:
        firm.pattern_file(FILE, SIZE)
        firm.pattern_file(SMALL, SMALL_SIZE)
        yield firm
    finally:
        firm.close()


@pytest.fixture
def open_firm(firm: FtpFirm) -> FtpFirm:
    return firm.fresh()


def run(firm: FtpFirm, **params: Any) -> Measured:
    return firm.measure(
        **{"path": FILE, "seed": SEED, "connect_timeout": 1.5, "reply_timeout": 5, **params}
    )


@pytest.mark.parametrize("mode", ["auto", "epsv", "pasv", "active"])
@pytest.mark.parametrize("root", [True, False])
def test_a_whole_download_is_ok_in_every_mode(open_firm: FtpFirm, mode: str, root: bool) -> None:
    found = run(open_firm, mode=mode, root=root)
    assert found.short == ("ok", "high")
    assert found.result["verified"] is True
    assert found.result["bytes"] == found.result["size"] == SIZE
    assert found.result["fix"] == ""
    notes = [note.split(":")[0] for note in found.result["notes"]]
    assert notes == ([] if root else ["no_packet_socket"])
    assert found.result["samples"][-1]["bytes"] == SIZE


def test_active_data_comes_from_port_20(open_firm: FtpFirm) -> None:
    assert run(open_firm, mode="active").seen["data_source_port"] == 20


@pytest.mark.parametrize("mode", ["auto", "active"])
def test_ipv6(open_firm: FtpFirm, mode: str) -> None:
    open_firm.serve_ftp("listen=NO", "listen_ipv6=YES")
    found = run(open_firm, host=open_firm.server_address6, mode=mode)
    assert found.short == ("ok", "high")
    assert found.seen["family"] == "ipv6"


def test_the_helper_opens_a_gateway_that_drops(open_firm: FtpFirm) -> None:
    open_firm.router.nft(gateway(helper=True))
    for mode in ("epsv", "pasv", "active"):
        assert run(open_firm, mode=mode).short == ("ok", "high"), mode


def test_no_verification_is_said(open_firm: FtpFirm) -> None:
    found = run(open_firm, seed=None)
    assert found.short == ("ok", "medium")
    assert found.result["verified"] is False
    assert "not_verified" in found.result["notes"][0]


def test_checksum(open_firm: FtpFirm) -> None:
    digest = open_firm.server.run("sha256sum", str(open_firm.files / FILE)).split()[0]
    assert run(open_firm, seed=None, checksum=f"sha256:{digest}").short == ("ok", "high")
    wrong = run(open_firm, seed=None, checksum="0" * 64)
    assert wrong.short == ("corrupted", "high")
    assert digest in wrong.values()


def test_max_bytes_is_partial_and_never_ok(open_firm: FtpFirm) -> None:
    found = run(open_firm, max_bytes=1_000_000)
    assert found.short == ("ok_partial", "high")
    assert found.result["ok"] is False
    assert found.result["bytes"] == 1_000_000


def test_dns(open_firm: FtpFirm) -> None:
    found = run(open_firm, host="no-such-host.invalid")
    assert found.short == ("dns_failed", "high")
    assert "no-such-host.invalid" in found.result["fix"]


@pytest.mark.parametrize(
    ("rule", "confidence", "evidence"),
    [
        ("tcp dport 21 drop", "high", "no answer in time"),
        (
            "tcp dport 21 reject with icmpx admin-prohibited",
            "high",
            "ICMP 3/13 (communication administratively prohibited) from 10.71.0.1",
        ),
        ("tcp dport 21 reject with tcp reset", "medium", "Connection refused"),
    ],
)
def test_control_port_blocked(
    open_firm: FtpFirm, rule: str, confidence: str, evidence: str
) -> None:
    open_firm.router.nft(gateway(first=rule))
    found = run(open_firm)
    assert found.short == ("control_port_blocked", confidence)
    assert evidence in found.values()
    assert "port 21" in found.result["fix"]


def test_control_port_blocked_on_this_host(open_firm: FtpFirm) -> None:
    open_firm.client.nft(
        "table inet own {\n chain out {\n type filter hook output priority 0\n"
        " tcp dport 21 drop\n }\n}"
    )
    found = run(open_firm)
    assert found.short == ("control_port_blocked", "high")
    assert "This host's own firewall" in found.result["fix"]


@pytest.mark.parametrize("root", [True, False])
def test_passive_data_blocked(open_firm: FtpFirm, root: bool) -> None:
    open_firm.router.nft(gateway())
    found = run(open_firm, root=root)
    assert found.short == ("passive_data_blocked", "high")
    assert found.result["modes"] == {"epsv": "timeout", "pasv": "timeout"}
    assert "AND assign it to TCP port 21" in found.result["fix"]
    assert [attempt["control"] for attempt in found.result["attempts"]] == ["answered", "answered"]


def test_passive_data_blocked_on_this_host(open_firm: FtpFirm) -> None:
    open_firm.client.nft(
        "table inet own {\n chain out {\n type filter hook output priority 0; policy drop;\n"
        " ct state established accept\n tcp dport 21 accept\n }\n}"
    )
    found = run(open_firm)
    assert found.short == ("passive_data_blocked", "high")
    assert "This host's own firewall" in found.result["fix"]


@pytest.mark.parametrize("kind", ["icmpx admin-prohibited", "tcp reset"])
def test_passive_data_rejected(open_firm: FtpFirm, kind: str) -> None:
    open_firm.router.nft(gateway(last=f"meta l4proto tcp reject with {kind}"))
    found = run(open_firm)
    assert found.short == ("passive_data_rejected", "high")
    assert "AND assign it" in found.result["fix"]
    assert run(open_firm, root=False).short == ("passive_data_rejected", "medium")


def test_a_dead_passive_port_is_not_blamed_on_the_path(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("nothing_listens", SMALL)
    found = run(open_firm, path=SMALL)
    assert found.short == ("passive_data_rejected", "low")
    assert "nothing listens" in found.result["fix"]


def test_active_data_blocked(open_firm: FtpFirm) -> None:
    block = 'iifname "wan0" tcp sport 20 ct state new drop'
    open_firm.router.nft(gateway(first=block, last='iifname "lan0" accept'))
    found = run(open_firm, mode="active")
    assert found.short == ("active_data_blocked", "high")
    assert found.result["modes"] == {"active": "timeout", "epsv": "connected"}
    assert "passive mode, which works here" in found.result["fix"]


@pytest.mark.parametrize("fault", ["truncated", "truncated_426"])
@pytest.mark.parametrize("seed", [SEED, None])
def test_truncated(open_firm: FtpFirm, fault: str, seed: str | None) -> None:
    open_firm.serve_fault(fault, SMALL)
    found = run(open_firm, path=SMALL, seed=seed)
    assert found.short == ("truncated", "high")
    assert "after 2000000 of 4000000 bytes" in found.result["fix"]


def test_truncated_with_a_checksum(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("truncated", SMALL)
    assert run(open_firm, path=SMALL, seed=None, checksum="0" * 64).short[0] == "truncated"


@pytest.mark.parametrize(
    ("fault", "evidence"),
    [
        ("bit_flipped", "offset 1500000: 1 byte changed, xor 0x01"),
        ("bytes_lost", "offset 1500000: 1000 bytes are missing"),
        ("bytes_added", "offset 1500000: 8 bytes were added"),
        ("block_page", "offset 0: something else follows, it starts with '<html><title>Blocked"),
    ],
)
def test_corrupted(open_firm: FtpFirm, fault: str, evidence: str) -> None:
    open_firm.serve_fault(fault, SMALL)
    found = run(open_firm, path=SMALL)
    assert found.short == ("corrupted", "high")
    assert evidence in found.values()
    assert found.result["verified"] is False


@pytest.mark.parametrize(("seed", "confidence"), [(SEED, "high"), (None, "medium")])
def test_ascii_rewritten(open_firm: FtpFirm, seed: str | None, confidence: str) -> None:
    open_firm.serve_fault("crlf", SMALL)
    assert run(open_firm, path=SMALL, seed=seed).short == ("ascii_rewritten", confidence)


def test_silent_stall_by_a_quota(open_firm: FtpFirm) -> None:
    quota = 'iifname "wan0" tcp sport != 21 quota over 5 mbytes drop'
    open_firm.router.nft(gateway(first=quota, last='iifname "lan0" accept'))
    found = run(open_firm, stall_timeout=2)
    assert found.short == ("silent_stall", "high")
    assert 4_000_000 < found.result["bytes"] < 6_000_000
    assert "quota" in found.result["fix"]


def test_silent_stall_when_the_path_is_gone(open_firm: FtpFirm) -> None:
    cut = "tcp sport != 21 ct direction reply ct reply bytes > 4000000 add @cut { ip saddr }\n"
    lost = "ip saddr @cut drop\n ip daddr @cut drop\n"
    sets = "set cut { type ipv4_addr; flags dynamic; }"
    open_firm.router.sh("sysctl -qw net.netfilter.nf_conntrack_acct=1")
    open_firm.router.nft(GATEWAY % (sets, lost + cut, 'iifname "lan0" accept'))
    found = run(open_firm, stall_timeout=2)
    assert found.short == ("silent_stall", "medium")
    assert "Both connections went silent" in found.result["fix"]


def test_reset_by_path(open_firm: FtpFirm) -> None:
    open_firm.router.sh("sysctl -qw net.netfilter.nf_conntrack_acct=1")
    cap = 'iifname "lan0" tcp dport != 21 ct reply bytes > 4000000 reject with tcp reset'
    open_firm.router.nft(gateway(first=cap, last='iifname "lan0" accept'))
    # Without experiments; with them this is a byte_cap.
    found = run(open_firm, diagnose=False)
    assert found.short == ("reset_by_path", "high")
    assert "TTL of the RST: 64; TTL of the SYN-ACK: 63" in found.values()
    assert run(open_firm, root=False, diagnose=False).short == ("reset_by_path", "medium")


def test_reset_by_peer(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("reset", SMALL)
    assert run(open_firm, path=SMALL).short == ("reset_by_peer", "medium")
    assert run(open_firm, path=SMALL, root=False).short == ("reset_by_peer", "low")


def test_control_idle_dropped(open_firm: FtpFirm) -> None:
    open_firm.router.sh(
        "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0"
        " net.netfilter.nf_conntrack_tcp_timeout_established=2"
    )
    try:
        open_firm.router.nft(gateway(first="ct state invalid drop", helper=True))
        open_firm.serve_ftp("anon_max_rate=2500000")
        found = run(open_firm)
    finally:
        open_firm.router.sh(
            "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1"
            " net.netfilter.nf_conntrack_tcp_timeout_established=432000"
        )
    assert found.short == ("control_idle_dropped", "high")
    assert found.result["bytes"] == SIZE
    assert found.result["ok"] is False
    assert "idle timeout" in found.result["fix"]


def test_slow_is_not_broken(open_firm: FtpFirm) -> None:
    open_firm.serve_ftp("anon_max_rate=2500000")
    assert run(open_firm, stall_timeout=2).short == ("ok", "high")
    # The server holds it at that rate.
    slow = ("throttled_shaped", "below_min_rate")
    found = run(open_firm, min_mbit=100)
    assert found.result["verdict"] in slow
    assert "wanted 100" in found.values()
    found = run(open_firm, min_mbit_window=100)
    assert found.result["verdict"] in slow
    assert "worst 5 seconds" in found.values()
    assert run(open_firm, min_mbit=10, min_mbit_window=10).short == ("ok", "high")


def test_a_fast_line_may_be_too_slow(open_firm: FtpFirm) -> None:
    assert run(open_firm, min_mbit=1e6).short == ("below_min_rate", "high")


def test_deadline_exceeded(open_firm: FtpFirm) -> None:
    open_firm.serve_ftp("anon_max_rate=2500000")
    found = run(open_firm, deadline=2)
    assert found.short == ("deadline_exceeded", "high")
    assert 1.5 < found.result["seconds"] < 3


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("no_226", "final_reply_missing"),
        ("closed_before_226", "final_reply_missing"),
        ("whole_426", "server_aborted"),
        ("silent_greeting", "server_no_answer"),
        ("slow_loris", "server_no_answer"),
        ("garbage", "server_protocol_error"),
        ("endless_line", "server_protocol_error"),
        ("busy_421", "server_busy"),
        ("refused_file", "server_refused"),
        ("both_refused", "server_refused"),
        ("truncated_no_size", "ok_partial"),
        ("no_size_at_all", "ok_partial"),
    ],
)
def test_server_faults(open_firm: FtpFirm, fault: str, verdict: str) -> None:
    open_firm.serve_fault(fault, SMALL)
    found = run(open_firm, path=SMALL, reply_timeout=3)
    assert found.result["verdict"] == verdict, found.result
    assert found.result["ok"] is False
    assert found.result["fix"]
    assert found.result["evidence"]
    text = repr(found.result)
    assert "\\x1b" not in text
    assert "\\x00" not in text


@pytest.mark.parametrize("fault", ["none", "no_size", "no_epsv"])
def test_odd_and_healthy_servers_are_ok(open_firm: FtpFirm, fault: str) -> None:
    open_firm.serve_fault(fault, SMALL)
    assert run(open_firm, path=SMALL).short == ("ok", "high")


def test_another_address_in_the_reply_to_pasv(open_firm: FtpFirm) -> None:
    open_firm.serve_fault("foreign_227", SMALL)
    found = run(open_firm, path=SMALL)
    assert found.short == ("pasv_private_address", "high")
    assert (found.result["status"], found.result["bytes"]) == ("warn", SMALL_SIZE)
    assert any(note.startswith("pasv_address: ") for note in found.result["notes"])


def test_no_size_and_a_checksum_is_ok(open_firm: FtpFirm) -> None:
    digest = open_firm.server.run("sha256sum", str(open_firm.files / SMALL)).split()[0]
    open_firm.serve_fault("no_size_at_all", SMALL)
    assert run(open_firm, path=SMALL, seed=None, checksum=digest).short == ("ok", "high")


def test_server_errors_of_vsftpd(open_firm: FtpFirm) -> None:
    assert run(open_firm, path="missing.bin").short == ("server_not_found", "high")
    wrong = run(open_firm, expected_size=SIZE + 1)
    assert wrong.short == ("server_wrong_file", "high")
    open_firm.serve_ftp("anonymous_enable=NO", "local_enable=YES")
    secret = run(open_firm, user="nobody", password="hunter2-secret")
    assert secret.short == ("server_login_failed", "high")
    assert "hunter2-secret" not in repr(secret.seen)
    assert "> PASS ********" in secret.result["control_log"]


def test_every_verdict_has_a_test() -> None:
    here = Path(__file__).parent
    source = "".join(path.read_text() for path in here.glob("test_ftp_path*.py"))
    missing = [rule.name for rule in rules() if f'"{rule.name}"' not in source]
    assert missing == []
