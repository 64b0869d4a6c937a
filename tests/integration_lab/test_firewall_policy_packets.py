# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy does to packets between two hosts, and that one that cuts too much is undone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from integration_lab.private_host import PrivateHost

PEER = "10.99.0.2"
PORTS = (8080, 8443)


@pytest.fixture
def host() -> Iterator[PrivateHost]:
    """A host that can reach a peer which listens on both ports."""
    with PrivateHost() as here, PrivateHost() as there:
        here.cable_to(there, "10.99.0.1/24", f"{PEER}/24")
        servers = [
            subprocess.Popen(
                there.command(sys.executable, "-m", "http.server", str(port), "--bind", PEER),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for port in PORTS
        ]
        try:
            for port in PORTS:
                wait_until_open(here, port)
            yield here
        finally:
            for server in servers:
                server.kill()
                server.wait()


def connects(host: PrivateHost, port: int, timeout: float = 0.5) -> bool:
    code = f"import socket; socket.create_connection(('{PEER}', {port}), {timeout})"
    command = host.command(sys.executable, "-c", code)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def wait_until_open(host: PrivateHost, port: int) -> None:
    for _unused in range(50):
        if connects(host, port):
            return
    pytest.fail(f"nothing listens on port {port}")


def policy(*ports: int, **more: Any) -> dict[str, Any]:
    flow = {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": list(ports)}
    return {"name": "p", "flows": [flow], **more}


def targets() -> list[dict[str, Any]]:
    return [{"id": f"t{port}", "host": PEER, "port": port, "protocol": "tcp"} for port in PORTS]


def test_deny_stops_what_no_flow_names(host: PrivateHost) -> None:
    host.apply(policy(8080, default_egress="deny"))
    assert connects(host, 8080)
    assert not connects(host, 8443)
    host.remove("p")
    assert connects(host, 8443)


def test_untouched_stops_nothing(host: PrivateHost) -> None:
    host.apply(policy(8080))
    assert connects(host, 8443)


def test_flow_gets_through_an_admins_firewall(host: PrivateHost) -> None:
    host.nft(
        "table inet admin { chain out { type filter hook output priority 0; policy drop;\n}\n"
        "chain in { type filter hook input priority 0; policy drop;\n}\n}\n"
    )
    assert not connects(host, 8080)
    host.apply(policy(8080))
    assert connects(host, 8080)
    assert not connects(host, 8443)
    host.remove("p")
    assert not connects(host, 8080)


def test_policy_that_cuts_a_witness_is_taken_back(host: PrivateHost) -> None:
    before = host.state()
    result = host.apply(policy(8080, default_egress="deny", probe=targets()))
    assert result["failed"]
    assert result["lost"] == ["t8443"]
    assert result["transaction"]["rolled_back"]
    assert host.state() == before
    assert connects(host, 8443)


def test_witness_that_was_down_before_does_not_take_it_back(host: PrivateHost) -> None:
    down = {"id": "down", "host": PEER, "port": 9, "protocol": "tcp"}
    result = host.apply(policy(*PORTS, default_egress="deny", probe=[*targets(), down]))
    assert result["changed"]
    assert connects(host, 8443)
