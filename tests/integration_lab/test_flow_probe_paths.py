# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""flow_probe on a real kernel: real routes, name servers, boxes in between, and services."""

from __future__ import annotations

import contextlib
import hashlib
import ssl
from collections.abc import Iterator

import pytest
from integration_lab.flow_hosts import CLIENT, ROUTER, SERVER, SERVER6, Firm, chain, tcp, udp

OPEN = 22


@pytest.fixture(scope="module")
def firm() -> Iterator[Firm]:
    with contextlib.closing(Firm()) as made:
        made.serve(f"{OPEN}/silent")
        yield made


@pytest.fixture(autouse=True)
def open_firewalls(firm: Firm) -> Iterator[None]:
    yield
    firm.reset()


# -- no way there


def test_missing_routes_and_silent_neighbours_are_told_apart(firm: Firm) -> None:
    firm.client.sh(
        "ip route add prohibit 10.98.0.0/24; ip route add unreachable 10.97.0.0/24;"
        "ip route add blackhole 10.96.0.0/24"
    )
    firm.router.sh("ip route add unreachable 10.95.0.0/24")
    run = firm.client.probe(
        tcp("prohibit", 1, "10.98.0.1"),
        tcp("unreachable", 1, "10.97.0.1"),
        tcp("blackhole", 1, "10.96.0.1"),
        tcp("router knows none", 1, "10.95.0.1"),
        tcp("neighbour", 1, "10.71.0.77"),
        udp("udp neighbour", 1, "10.71.0.78"),
        tcp("neighbour6", 1, "fd71::77"),
        tcp("beyond", 1, "10.72.0.77"),
        udp("udp none", 1, "10.97.0.2"),
        timeout=4,
    )

    assert {name: run.short(name) for name in run.results} == dict.fromkeys(
        run.results, ("no_route", "fail", "high")
    )
    assert "does not answer ARP" in run["neighbour"]["fix"]
    assert "10.71.0.78" in run["udp neighbour"]["fix"]
    assert "neighbour solicitation" in run["neighbour6"]["fix"]
    assert f"router {ROUTER}" in run["router knows none"]["fix"]
    assert f"router {ROUTER}" in run["beyond"]["fix"]
    assert "on this host" in run["prohibit"]["fix"]


def test_a_neighbour_that_has_not_answered_yet_is_no_local_block(firm: Firm) -> None:
    run = firm.client.probe(tcp("t", 1, "10.71.0.79"), timeout=0.6)

    assert run.short("t") == ("no_route", "fail", "high")


def test_a_routing_loop_is_named(firm: Firm) -> None:
    firm.router.sh("ip route add 10.94.0.0/24 via 10.72.0.2")
    firm.server.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0")
    run = firm.client.probe(tcp("t", 1, "10.94.0.1"))

    assert run.short("t") == ("no_route", "fail", "high")
    assert "go in a circle" in run["t"]["fix"]


def test_icmp_errors_that_a_router_holds_back_count_for_the_other_ports(firm: Firm) -> None:
    firm.router.nft(
        chain(
            "forward",
            "tcp dport 2000 reject with icmpx host-unreachable",
            "tcp dport 2001-2040 drop",
        )
    )
    run = firm.client.probe(*(tcp(str(port), port) for port in range(2000, 2041)))

    assert run.short("2000") == ("no_route", "fail", "high")
    assert {run.short(str(port)) for port in range(2001, 2041)} == {("no_route", "fail", "medium")}


def test_a_destination_that_is_rewritten_here_is_no_local_block(firm: Firm) -> None:
    firm.client.nft(
        chain("output", f"tcp dport 3000 dnat ip to {SERVER}:3001", kind="nat", priority=-100)
    )
    firm.router.nft(chain("forward", "tcp dport 3001 drop"))
    run = firm.client.probe(tcp("t", 3000))

    assert run.short("t")[0] == "filtered"
    assert f"{SERVER} port 3001" in run.values("t")


def test_an_answer_that_this_host_drops_is_its_own_firewall(firm: Firm) -> None:
    firm.serve("4001/silent")
    firm.client.nft(chain("input", "tcp sport 4001 drop"))
    run = firm.client.probe(tcp("t", 4001))

    assert run.short("t") == ("blocked_locally", "fail", "high")
    assert "SYN-ACK: arrived with TTL 63" in run.values("t")
    assert "arrived here and was dropped" in run["t"]["fix"]


def test_a_block_of_this_host_towards_itself_is_its_own_firewall(firm: Firm) -> None:
    firm.client.nft(chain("input", "tcp dport 4000 drop"))
    run = firm.client.probe(tcp("t", 4000, CLIENT))

    assert run.short("t") == ("blocked_locally", "fail", "medium")


# -- names

NAMES = f"server.firm.test={SERVER},both.firm.test={SERVER},both.firm.test={SERVER6}"


def test_names_are_resolved_and_each_failure_is_told_apart(firm: Firm) -> None:
    firm.serve(f"53/dns/{NAMES}")
    firm.use_name_server(SERVER)
    run = firm.client.probe(
        tcp("known", OPEN, "server.firm.test"),
        tcp("unknown", OPEN, "gone.firm.test"),
        tcp("both", OPEN, "both.firm.test"),
    )
    firm.router.nft(chain("forward", f"ip6 daddr {SERVER6} tcp dport {OPEN} drop"))
    half = firm.client.probe(tcp("both", OPEN, "both.firm.test"))
    firm.router.nft(chain("forward", "udp dport 53 drop"))
    silent = firm.client.probe(tcp("known", OPEN, "server.firm.test"))

    assert run.short("known") == ("open", "pass", "high")
    assert run["known"]["address"] == SERVER
    assert run.short("both") == ("open", "pass", "high")
    assert run.short("unknown") == ("dns_failed", "fail", "high")
    assert "Correct the name gone.firm.test" in run["unknown"]["fix"]
    assert half.short("both") == ("open", "warn", "high")
    assert f"to {SERVER6} as well" in half["both"]["fix"]
    assert silent.short("known") == ("dns_failed", "fail", "medium")
    assert f"port 53 from this host to its name servers ({SERVER})" in silent["known"]["fix"]
    assert silent.wall < 2.5


# -- boxes in between that let the handshake through


def test_inspection_that_resets_or_eats_the_data_is_seen(firm: Firm) -> None:
    firm.serve("5000/http/HTTP/1.1 200 OK\\r\\n\\r\\n", "5001/silent")
    firm.router.nft(
        chain(
            "forward",
            "tcp dport 5000 tcp flags & psh == psh reject with tcp reset",
            "tcp dport 5001 tcp flags & psh == psh drop",
        )
    )
    run = firm.client.probe(
        tcp("reset", 5000, service="http"),
        tcp("eaten", 5001, service="http"),
        tcp("eaten 4d", 5001, service="4d"),
    )
    blind = firm.client.probe(tcp("reset", 5000, service="http"), root=False)

    assert run.short("reset") == ("filtered", "fail", "high")
    assert "content inspection" in run["reset"]["fix"]
    assert run.short("eaten") == ("filtered", "fail", "medium")
    assert run.short("eaten 4d") == ("filtered", "fail", "medium")
    assert blind.short("reset") == ("wrong_service", "fail", "medium")


def test_a_box_that_answers_for_some_ports_shows_by_its_ttl(firm: Firm) -> None:
    firm.router.start(
        *("python3", "-c"),
        "import socket, time; s = socket.create_server(('', 6001)); print('ready', flush=True);"
        " time.sleep(120)",
    )
    firm.router.nft(
        chain("prerouting", "tcp dport 6000 redirect to :6001", kind="nat", priority=-100)
    )
    run = firm.client.probe(tcp("proxied", 6000), tcp("direct", OPEN))

    assert "TTL of SYN-ACK: 64; TTL of SYN-ACK from other ports: [63]" in run.values("proxied")


# -- services


def test_tls_services_and_their_certificates(firm: Firm) -> None:
    firm.serve(
        "443/tls+HTTP\\x2f1.1 200 OK\\r\\n\\r\\n/www.firm.test",
        "993/tls+* OK ready\\r\\n/FortiGate CA",
        "995/tls++OK ready\\r\\n/mail.firm.test",
        "465/tls+220 mail ESMTP\\r\\n/mail.firm.test",
        "19812/tls/4D",
        "8443/tls/nothing.firm.test",
    )
    certificate = firm.client.run(
        "python3", "-c", f"import ssl; print(ssl.get_server_certificate(('{SERVER}', 443)))"
    )
    pin = "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()
    wrong = "sha256:" + "0" * 64
    run = firm.client.probe(
        tcp("own certificate", 443, service="https"),
        tcp("right pin", 443, service="https", tls_pin=pin),
        tcp("wrong pin", 443, service="https", tls_pin=wrong),
        tcp("inspected", 993, service="imaps"),
        tcp("pop3s", 995, service="pop3s"),
        tcp("smtps", 465, service="smtps"),
        tcp("4d", 19812, service="4d"),
        tcp("no greeting", 8443, service="imaps"),
        tcp("http on tls", 443, service="http"),
    )

    assert {name: run.short(name) for name in run.results} == {
        "own certificate": ("open", "warn", "high"),
        "right pin": ("open", "pass", "high"),
        "wrong pin": ("tls_intercepted", "fail", "high"),
        "inspected": ("tls_intercepted", "fail", "medium"),
        "pop3s": ("open", "warn", "high"),
        "smtps": ("open", "warn", "high"),
        "4d": ("open", "pass", "high"),
        "no greeting": ("wrong_service", "fail", "medium"),
        "http on tls": ("wrong_service", "fail", "medium"),
    }
    assert pin in run["own certificate"]["fix"]
    assert "ServerHello: TLSv1.3" in run.values("4d")


def test_a_trusted_certificate_passes_and_a_trusted_inspector_is_a_warning(firm: Firm) -> None:
    """The client trusts what the servers made, by SSL_CERT_FILE (openssl's own variable)."""
    firm.serve("7443/tls+HTTP\\x2f1.1 200 OK\\r\\n\\r\\n/www", "7444/tls+* OK\\r\\n/Sophos CA")
    trusted = firm.client.run(
        *("python3", "-c"),
        "import ssl\n"
        f"for port in (7443, 7444): print(ssl.get_server_certificate(('{SERVER}', port)))",
    )
    firm.client.run("sh", "-c", "cat >/run/trusted.pem", stdin=trusted)
    run = firm.client.probe(
        tcp("trusted", 7443, service="https"),
        tcp("inspector", 7444, service="imaps"),
        wrap=("env", "SSL_CERT_FILE=/run/trusted.pem"),
    )

    assert run.short("trusted") == ("open", "pass", "high")
    assert run.short("inspector") == ("open", "warn", "medium")
    assert "Exempt outbound TCP port 7444" in run["inspector"]["fix"]


def test_quic_is_proved_by_version_negotiation(firm: Firm) -> None:
    firm.serve("19813/quic/quic.firm.test", "19814/mute")
    run = firm.client.probe(
        udp("quic", 19813, service="quic"),
        udp("quic6", 19813, SERVER6, service="quic"),
        udp("mute", 19814, service="quic"),
        udp("closed", 19815, service="quic"),
    )

    assert run.short("quic") == ("open", "pass", "high")
    assert run.short("quic6") == ("open", "pass", "high")
    assert "0x00000001" in run.values("quic")
    assert run.short("mute") == ("no_answer", "fail", "medium")
    assert run.short("closed") == ("refused", "warn", "medium")
