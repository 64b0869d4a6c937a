# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway with NAT: flows open with packets, what NAT lacks is told with a command that works as
printed, and NAT itself is never written."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration_lab.private_host import PrivateHost

RULES = Path(__file__).parent / "rulesets"
PUBLIC = "203.0.113.1"
SERVER = "10.77.0.20"
OUTSIDER = "203.0.113.66"
PORTS = (19812, 19814)

FORWARD_DROP = (RULES / "gateway_forward_drop.nft").read_text()
PORT_FORWARD = (RULES / "gateway_port_forward.nft").read_text()
EARLY_DROP = (RULES / "gateway_early_drop.nft").read_text()
ELSEWHERE = (RULES / "gateway_nat_elsewhere.nft").read_text()
MASQUERADE = (RULES / "gateway_masquerade.nft").read_text()


@dataclasses.dataclass(frozen=True)
class Firm:
    """A server behind a gateway, and somebody outside who has no route to it."""

    outsider: PrivateHost
    gateway: PrivateHost
    server: PrivateHost


@pytest.fixture
def firm() -> Iterator[Firm]:
    """A gateway without any rules; server and outsider listen on both ports."""
    with PrivateHost() as outsider, PrivateHost() as gateway, PrivateHost() as server:
        gateway.cable_to(outsider, f"{PUBLIC}/24", f"{OUTSIDER}/24", device="wan0")
        gateway.cable_to(server, "10.77.0.1/24", f"{SERVER}/24", device="lan0")
        gateway.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        server.run("ip", "route", "add", "default", "via", "10.77.0.1")
        listeners = [
            listen(host, address, port)
            for host, address in ((server, SERVER), (outsider, OUTSIDER))
            for port in PORTS
        ]
        try:
            yield Firm(outsider, gateway, server)
        finally:
            for listener in listeners:
                listener.kill()
                listener.wait()


def listen(host: PrivateHost, address: str, port: int) -> subprocess.Popen[bytes]:
    """Answer connections on the host with one byte."""
    code = (
        f"import socket; server = socket.create_server(('{address}', {port})); print(flush=True)\n"
        "while True: server.accept()[0].send(b'x')"
    )
    process = subprocess.Popen(
        host.command(sys.executable, "-c", code), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    return process


def answers(host: PrivateHost, address: str, port: int) -> bool:
    code = (
        f"import socket; client = socket.create_connection(('{address}', {port}), 0.5)\n"
        "client.settimeout(0.5); assert client.recv(1)"
    )
    command = host.command(sys.executable, "-c", code)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def policy(*flows: dict[str, Any], **more: Any) -> dict[str, Any]:
    sides = {"inside": ["lan0"], "outside": ["wan0"]}
    return {
        "name": "p",
        "enforcement": "gateway",
        "interfaces": sides,
        "flows": list(flows),
        **more,
    }


def flow(identifier: str, direction: str, *ports: int, **more: Any) -> dict[str, Any]:
    base = {"id": identifier, "direction": direction, "protocol": "tcp", "ports": list(ports)}
    return {**base, **more}


INBOUND = policy(flow("db_in", "inbound", *PORTS, hosts=[SERVER]))
OUTBOUND = policy(flow("out", "outbound", *PORTS))


def nat_of(host: PrivateHost) -> str:
    """Return all tables with NAT as text."""
    tables = re.split(r"(?m)^(?=table )", host.rules())
    return "".join(table for table in tables if "type nat hook" in table)


def the_fix(result: dict[str, Any]) -> str:
    """Return the command at the end of the one warning about NAT."""
    told = [text for text in result["warnings"] if "NAT is never written here" in text]
    assert len(told) == 1, result
    return "nft " + str(told[0].partition(" nft ")[2])


def test_flow_with_a_port_forward_opens_and_closes(firm: Firm) -> None:
    firm.gateway.nft(FORWARD_DROP + PORT_FORWARD)
    before = firm.gateway.rules()
    assert not answers(firm.outsider, PUBLIC, 19812)
    result = firm.gateway.apply(INBOUND)
    assert result["warnings"] == []
    assert firm.gateway.audit(INBOUND)["warnings"] == []
    assert answers(firm.outsider, PUBLIC, 19812)
    assert answers(firm.outsider, PUBLIC, 19814)
    firm.gateway.remove("p")
    assert firm.gateway.rules() == before
    assert not answers(firm.outsider, PUBLIC, 19812)


@pytest.mark.parametrize(
    ("rules", "finding"),
    [
        (FORWARD_DROP, "no NAT rule of this gateway forwards tcp port 19812, 19814"),
        (FORWARD_DROP + MASQUERADE, "no NAT rule of this gateway forwards tcp port 19812, 19814"),
        (FORWARD_DROP + ELSEWHERE, "elsewhere and not to 10.77.0.20"),
    ],
    ids=["no NAT", "source NAT only", "to another host"],
)
def test_missing_port_forward_is_told_and_the_command_works(
    firm: Firm, rules: str, finding: str
) -> None:
    firm.gateway.nft(rules)
    nat = nat_of(firm.gateway)
    predicted = firm.gateway.apply(INBOUND, check=True)
    result = firm.gateway.apply(INBOUND)
    assert predicted["warnings"] == result["warnings"] == firm.gateway.audit(INBOUND)["warnings"]
    assert finding in result["warnings"][0]
    assert "that arrives on wan0" in result["warnings"][0]
    assert nat_of(firm.gateway) == nat
    assert not answers(firm.outsider, PUBLIC, 19812)
    firm.gateway.run("sh", "-c", the_fix(result))
    assert answers(firm.outsider, PUBLIC, 19812)
    assert answers(firm.outsider, PUBLIC, 19814)
    again = firm.gateway.apply(INBOUND)
    assert not again["changed"]
    assert again["warnings"] == []


def test_missing_source_translation_is_told_and_the_command_works(firm: Firm) -> None:
    firm.gateway.nft(FORWARD_DROP)
    result = firm.gateway.apply(OUTBOUND)
    assert "translates the source of packets from 10.77.0.0/24" in result["warnings"][0]
    assert nat_of(firm.gateway) == ""
    assert not answers(firm.server, OUTSIDER, 19812)
    firm.gateway.run("sh", "-c", the_fix(result))
    assert answers(firm.server, OUTSIDER, 19812)
    assert firm.gateway.apply(OUTBOUND)["warnings"] == []


def test_hosts_and_peers_with_routes_need_no_nat(firm: Firm) -> None:
    firm.gateway.nft(FORWARD_DROP)
    public = flow("public_in", "inbound", 19812, hosts=["198.51.100.20"])
    site = flow("site_in", "inbound", 19812, hosts=[SERVER], peers=["10.99.0.0/24"])
    branch = flow("branch", "outbound", 19812, peers=["10.99.0.0/24"])
    result = firm.gateway.apply(policy(public, site, branch, default_ingress="deny"))
    assert result["warnings"] == []


def test_early_drops_are_opened_for_packets_as_they_are_there(firm: Firm) -> None:
    """Prerouting drops before the port forward, at the gateway's address; postrouting behind
    masquerading."""
    firm.gateway.nft(FORWARD_DROP + PORT_FORWARD + MASQUERADE + EARLY_DROP)
    both = policy(*INBOUND["flows"], *OUTBOUND["flows"])
    assert not answers(firm.outsider, PUBLIC, 19812)
    assert firm.gateway.apply(both)["warnings"] == []
    assert answers(firm.outsider, PUBLIC, 19812)
    assert answers(firm.outsider, PUBLIC, 8443), "the port that 19814 has outside"
    assert answers(firm.server, OUTSIDER, 19814)
    listener = listen(firm.gateway, "10.77.0.1", 19812)
    try:
        assert not answers(firm.server, "10.77.0.1", 19812), "the gateway's own port stays closed"
    finally:
        listener.kill()
        listener.wait()
    assert not firm.gateway.apply(both)["changed"]
    assert set(firm.gateway.audit_states(both).values()) == {"present"}


def test_place_before_an_unreadable_port_forward_is_a_conflict(firm: Firm) -> None:
    forward = PORT_FORWARD.replace('iifname "wan0"', 'iifname "wan0" meta mark 7')
    firm.gateway.nft(FORWARD_DROP + forward + EARLY_DROP)
    before = firm.gateway.state()
    result = firm.gateway.apply(INBOUND)
    assert result["failed"]
    assert "where no rule of ours can be right" in result["msg"]
    assert "Nothing was changed" in result["msg"]
    assert "their port forward cannot be read" in result["conflicts"][0]["what"]
    assert firm.gateway.state() == before
