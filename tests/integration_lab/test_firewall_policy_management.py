# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who manages a host keeps reaching it, and a denied direction still lets DNS out."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from integration_lab.private_host import PrivateHost

HERE, THERE = "10.99.0.1", "10.99.0.2"
SESSION = ["env", f"SSH_CONNECTION={THERE} 50000 {HERE} 2222"]
DENY: dict[str, Any] = {
    "name": "p",
    "default_egress": "deny",
    "default_ingress": "deny",
    "flows": [{"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [443]}],
}
_SERVER = f"""
import socket, sys
with socket.create_server(("{HERE}", 22)) as listening:
    print("ready", flush=True)
    session, peer = listening.accept()
    for line in sys.stdin:
        session.sendall(line.encode())
"""
_CLIENT = f"""
import socket, time
for attempt in range(100):
    try:
        session = socket.create_connection(("{HERE}", 22))
        break
    except OSError:
        time.sleep(0.1)
session.settimeout(5)
while True:
    print(session.recv(100).decode().strip(), flush=True)
"""


def rules_with(host: PrivateHost, words: str) -> list[str]:
    return [line.strip() for line in host.rules().splitlines() if words in line]


@pytest.mark.parametrize("directions", [("default_egress",), ("default_egress", "default_ingress")])
def test_an_open_session_goes_on_where_nobody_used_conntrack_before(
    directions: tuple[str, ...],
) -> None:
    """The host answers first, as it does while Ansible waits for the end of this very task."""
    params = {**DENY, "management": [{"peer": THERE, "port": 22}]}
    for option in ("default_egress", "default_ingress"):
        params[option] = "deny" if option in directions else "untouched"
    with PrivateHost() as host, PrivateHost() as peer:
        host.cable_to(peer, f"{HERE}/24", f"{THERE}/24")
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        server = subprocess.Popen(host.command(sys.executable, "-c", _SERVER), **pipes)
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        client = subprocess.Popen(peer.command(sys.executable, "-c", _CLIENT), **pipes)
        assert client.stdout is not None
        try:
            for word in ("before", "after"):
                server.stdin.write(f"{word}\n")
                server.stdin.flush()
                assert client.stdout.readline() == f"{word}\n"
                host.apply(params)
        finally:
            for process in (server, client):
                process.kill()
                process.wait()


def test_the_session_in_use_is_accepted_beside_what_management_names(host: PrivateHost) -> None:
    params = {**DENY, "management": [{"peer": "192.0.2.0/24", "port": 22}]}
    result = host.call(SESSION, "apply", params)
    assert f"the SSH connection in use, from {THERE}/32 to port 2222" in str(result["warnings"])
    assert rules_with(host, f"ip saddr {THERE} tcp dport 2222 accept")
    covering = {**DENY, "management": [{"peer": "10.99.0.0/24", "port": "2000-2999"}]}
    result = host.call(SESSION, "apply", covering)
    assert "SSH connection in use" not in str(result["warnings"])
    assert not rules_with(host, f"ip saddr {THERE} ")


def test_a_run_without_a_session_locks_nobody_out(host: PrivateHost) -> None:
    host.call(SESSION, "apply", DENY)
    result = host.apply(DENY)
    assert not result["changed"]
    assert "no SSH session" not in str(result["warnings"])
    assert rules_with(host, f"ip saddr {THERE} tcp dport 2222 accept")


def test_without_session_and_accepts_the_user_is_warned(host: PrivateHost) -> None:
    result = host.call(["env", "SSH_CONNECTION=a b c d"], "apply", DENY)
    assert "no SSH session was found" in str(result["warnings"])


def with_resolvers(host: PrivateHost, *addresses: str) -> None:
    host.run("touch", "/run/resolv.conf")
    host.run("mount", "--bind", "/run/resolv.conf", "/etc/resolv.conf")
    lines = "".join(f"nameserver {address}\n" for address in addresses)
    host.run("sh", "-c", "cat > /etc/resolv.conf", stdin=lines)


def test_dns_leaves_a_gateway_that_denies(host: PrivateHost) -> None:
    with_resolvers(host, "192.0.2.53", "2001:db8::53")
    sides = {"inside": ["lan0"], "outside": ["wan0"]}
    host.apply(
        {**DENY, "enforcement": "gateway", "interfaces": sides, "default_ingress": "untouched"}
    )
    sides_match = 'iifname "lan0" oifname "wan0"'
    assert rules_with(host, f"{sides_match} ip daddr 192.0.2.53 meta l4proto")
    assert rules_with(host, f"{sides_match} ip6 daddr 2001:db8::53 meta l4proto")


def test_egress_deny_without_a_resolver_is_told(host: PrivateHost) -> None:
    with_resolvers(host, "127.0.0.1")
    assert "lets no DNS out" in str(host.apply(DENY)["warnings"])
    assert "DNS" not in str(host.apply({**DENY, "baseline": []})["warnings"])
