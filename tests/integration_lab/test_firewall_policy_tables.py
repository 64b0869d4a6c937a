# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admins' tables of every kind: one family, asleep, owned by a program, with chains that several
hooks share."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from integration_lab.lab_host import LabHost
from integration_lab.private_host import PrivateHost

from lab import Lab

RULESETS = Path(__file__).parent / "rulesets"
POLICY: dict[str, Any] = {
    "name": "p",
    "flows": [
        {"id": "https", "direction": "outbound", "protocol": "tcp", "ports": [443]},
        {"id": "ftp", "direction": "outbound", "protocol": "tcp", "ports": [21], "service": "ftp"},
        {"id": "sql", "direction": "inbound", "protocol": "tcp", "ports": [19812]},
    ],
}


def test_tables_of_one_family_are_added_to_and_left_as_they_were(host: PrivateHost) -> None:
    host.nft((RULESETS / "one_family.nft").read_text())
    before = host.state()
    assert host.apply(POLICY)["changed"]
    for family in ("ip", "ip6"):
        chain = host.run("nft", "list", "chain", family, "admin", "legalops_timesensor_out")
        assert 'tcp dport 443 ct state new accept comment "p/https"' in chain
    assert not host.apply(POLICY)["changed"]
    host.remove("p")
    assert host.state() == before


def test_a_table_that_sleeps_is_not_woken_up(host: PrivateHost) -> None:
    """It stops nothing, so there is nothing to add to it; above all it must not begin to stop."""
    host.nft((RULESETS / "dormant.nft").read_text())
    before = host.state()
    result = host.apply(POLICY)
    assert result["exposure"] == []
    assert "flags dormant" in host.rules()
    host.remove("p")
    assert host.state() == before


def test_a_table_that_falls_asleep_afterwards_stays_asleep(host: PrivateHost) -> None:
    host.nft((RULESETS / "dormant.nft").read_text().replace("flags dormant", ""))
    host.apply(POLICY)
    assert "jump legalops_timesensor_out" in host.rules()
    host.nft("add table inet asleep { flags dormant; }")
    assert host.apply(POLICY)["changed"]
    rules = host.rules()
    assert "flags dormant" in rules
    assert "jump legalops_timesensor_out" not in rules


def test_a_table_owned_by_a_program_is_a_conflict(host: PrivateHost) -> None:
    """The kernel lets nobody but the owner edit it."""
    with subprocess.Popen(
        host.command("nft", "-i"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        owner.stdin.write((RULESETS / "owned.nft").read_text() + "list tables\n")
        owner.stdin.flush()
        while "owned" not in owner.stdout.readline():
            pass
        before = host.state()
        result = host.apply(POLICY)
        assert "the program that owns the table" in result["msg"]
        assert result["conflicts"][0]["table"] == "inet owned"
        assert host.state() == before
        owner.stdin.close()


def listen(host: PrivateHost, address: str, port: int, stack: ExitStack) -> None:
    """Let something accept connections to `port` until the stack is left."""
    code = f"import socket; s = socket.create_server(('{address}', {port})); print(1, flush=True)"
    command = host.command(sys.executable, "-c", f"{code}\nwhile True: s.accept()")
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    stack.callback(server.wait)
    stack.callback(server.kill)
    assert server.stdout is not None
    assert server.stdout.readline() == b"1\n"


def connects(host: PrivateHost, address: str, port: int) -> bool:
    code = f"import socket; socket.create_connection(('{address}', {port}), 1)"
    command = host.command(sys.executable, "-c", code)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_chain_that_input_and_output_share_opens_one_direction_only() -> None:
    """An outbound flow must not open the same port of this host to the world."""
    here, there = "10.99.0.1", "10.99.0.2"
    flow = {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [8080]}
    inbound = {**flow, "id": "g", "direction": "inbound", "ports": [8443]}
    with ExitStack() as stack:
        host, peer = stack.enter_context(PrivateHost()), stack.enter_context(PrivateHost())
        host.cable_to(peer, f"{here}/24", f"{there}/24")
        for port in (8080, 8443):
            listen(host, here, port, stack)
            listen(peer, there, port, stack)
        deadline = time.monotonic() + 10
        while not connects(host, there, 8080) and time.monotonic() < deadline:
            time.sleep(0.1)
        host.nft((RULESETS / "shared_chain.nft").read_text())
        before = host.rules()
        assert not connects(host, there, 8080)
        host.apply({"name": "p", "flows": [flow, inbound]})
        assert connects(host, there, 8080)
        assert connects(peer, here, 8443)
        assert not connects(peer, here, 8080)
        assert not connects(host, there, 8443)
        assert not host.apply({"name": "p", "flows": [flow, inbound]})["changed"]
        host.remove("p")
        assert host.rules() == before


def test_a_gateway_that_drops_before_and_after_routing(open_firm: Lab) -> None:
    """Before routing nobody knows the outgoing interface: a rule of ours there must not ask."""
    gateway, server = LabHost(open_firm["gateway"]), open_firm["licence"]
    gateway.nft((RULESETS / "around_routing.nft").read_text())
    with server.socket() as listening:
        listening.bind((server.address, 8080))
        listening.listen()

        def open_from_inside() -> bool:
            with open_firm["workstation"].socket() as client:
                client.settimeout(0.7)
                return client.connect_ex((server.address, 8080)) == 0

        assert not open_from_inside()
        gateway.apply(
            {
                "name": "p",
                "enforcement": "gateway",
                "interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
                "flows": [
                    {
                        "id": "licence",
                        "direction": "outbound",
                        "protocol": "tcp",
                        "ports": [8080],
                        "peers": [server.address],
                    }
                ],
            }
        )
        assert open_from_inside()
