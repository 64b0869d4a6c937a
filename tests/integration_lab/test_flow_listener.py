# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""flow_listener between hosts, as Ansible runs it: broadcasts, several addresses, ports in use."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration_lab.flow_hosts import Firm, Host

from lab import ansible

TOKEN = "a token for tests"
PORT = 19813
UDP_LISTENER = {"id": "udp", "port": PORT, "protocol": "udp"}
BOTH = [{"id": "tcp", "port": PORT}, UDP_LISTENER]


@pytest.fixture(scope="module")
def firm() -> Iterator[Firm]:
    made = Firm()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def nothing_left(firm: Firm) -> Iterator[None]:
    yield
    for host in (firm.client, firm.server):
        host.listen(state="stopped")
        assert "legalops" not in host.sh("ls /run")
    firm.reset()


def run_task(
    host: Host, module: str, options: dict[str, Any], home: Path, *more: str
) -> dict[str, Any]:
    """Run one task on `host` with Ansible itself, over the dispatcher."""
    done = subprocess.run(
        host.enter(
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "-c", "local"),
            *("-m", f"legalops.timesensor.{module}", "-a", json.dumps(options)),
            *("-e", f"ansible_python_interpreter={sys.executable}", *more),
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**ansible.environment(home), "ANSIBLE_REMOTE_TEMP": str(home / "remote")},
    )
    assert "=> {" in done.stdout, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("=> {") + 3 :])
    return found


def target(protocol: str, host: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "t",
        "host": host,
        "port": PORT,
        "protocol": protocol,
        "service": "token",
        "token": TOKEN,
        **more,
    }


def test_a_task_starts_it_returns_at_once_and_another_task_collects_what_was_heard(
    firm: Firm, tmp_path: Path
) -> None:
    began = time.monotonic()
    started = run_task(
        firm.server, "flow_listener", {"token": TOKEN, "ttl": 60, "listeners": BOTH}, tmp_path
    )
    took = time.monotonic() - began
    again = run_task(
        firm.server, "flow_listener", {"token": TOKEN, "ttl": 60, "listeners": BOTH}, tmp_path
    )
    verdicts = [
        firm.client.probe(target(protocol, host)).short("t")
        for protocol in ("tcp", "udp")
        for host in (firm.server_address, firm.server_address6)
    ]
    stopped = run_task(firm.server, "flow_listener", {"state": "stopped"}, tmp_path)

    assert took < 20
    assert [item["verdict"] for item in started["results"]] == ["listening", "listening"]
    assert (started["changed"], again["changed"], stopped["changed"]) == (True, False, True)
    assert verdicts == [("open", "pass", "high")] * 4
    peers = [
        {"peer": firm.client_address, "count": 1, "valid": 1},
        {"peer": "fd71::2", "count": 1, "valid": 1},
    ]
    assert stopped["heard"] == {"tcp": peers, "udp": peers}


def test_the_token_is_seen_nowhere_on_the_host(firm: Firm, tmp_path: Path) -> None:
    secret = "never-to-be-seen-7f3a"
    started = run_task(
        firm.server,
        "flow_listener",
        {"token": secret, "ttl": 60, "listeners": BOTH},
        tmp_path,
        "-vvv",
    )
    found = firm.server.sh(
        "for pid in $(ss -Hlntup | grep -o 'pid=[0-9]*' | sort -u | cut -d= -f2); do"
        " cat /proc/$pid/cmdline /proc/$pid/environ | tr '\\0' '\\n'; done; find /run -type f"
    )

    assert started["changed"] is True
    assert secret not in json.dumps(started)
    assert "AnsiballZ" in found
    assert secret not in found
    assert "/run/legalops" not in found


def test_check_mode_starts_nothing(firm: Firm, tmp_path: Path) -> None:
    done = subprocess.run(
        firm.server.enter(
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "-c", "local", "--check"),
            *("-m", "legalops.timesensor.flow_listener", "-a"),
            json.dumps({"token": TOKEN, "listeners": BOTH}),
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=ansible.environment(tmp_path),
    )

    assert "SKIPPED" in done.stdout
    assert firm.server.sh("ss -Hlntu") == ""


def test_a_port_in_use_names_the_program(firm: Firm) -> None:
    firm.serve(f"{PORT}/silent")
    started = firm.server.listen(token=TOKEN, listeners=BOTH)
    tcp, udp = started["results"]

    assert (tcp["verdict"], udp["verdict"]) == ("in_use", "listening")
    assert tcp["process"]["name"].startswith("python")
    assert f"(pid {tcp['process']['pid']})" in tcp["fix"]
    assert firm.client.probe(target("udp", firm.server_address)).short("t")[0] == "open"


def test_an_answer_comes_from_the_address_that_was_asked(firm: Firm) -> None:
    """A host with several addresses would answer from the first one, and the probe not hear it."""
    firm.server.sh(
        "ip addr add 10.72.0.9/24 dev eth0; ip addr add fd72::9/64 dev eth0 nodad preferred_lft 0"
    )
    firm.server.listen(token=TOKEN, listeners=[UDP_LISTENER])

    for address in ("10.72.0.9", "fd72::9"):
        assert firm.client.probe(target("udp", address)).short("t") == ("open", "pass", "high")


def test_a_firewall_in_between_shows_as_what_it_is(firm: Firm) -> None:
    firm.server.listen(token=TOKEN, listeners=BOTH)
    firm.router.nft(
        "table inet f {\nchain c {\ntype filter hook forward priority 0;\n"
        f"tcp dport {PORT} drop;\nudp dport {PORT} drop;\n}}\n}}\n"
    )
    tcp = firm.client.probe(target("tcp", firm.server_address))
    udp = firm.client.probe(target("udp", firm.server_address))
    stopped = firm.server.listen(state="stopped")

    assert tcp.short("t")[0] == "filtered"
    assert udp.short("t") == ("no_answer", "fail", "medium")
    assert stopped["heard"] == {}


@pytest.mark.parametrize("address", ["10.71.0.255", "255.255.255.255"])
@pytest.mark.parametrize("listen_on", ["", "0.0.0.0"])
def test_a_broadcast_is_heard_in_its_subnet_and_not_when_it_is_blocked(
    firm: Firm, address: str, listen_on: str
) -> None:
    """The proof of `broadcasting: allow | block`; the router plays the announcing server."""
    start = {"token": TOKEN, "listeners": [{**UDP_LISTENER, "address": listen_on}]}
    announcement = target("udp", address, interface="lan0")
    firm.client.listen(**start)
    allowed = firm.router.probe(announcement)
    heard = firm.client.listen(state="stopped")["heard"]
    firm.client.listen(**start)
    firm.router.nft(
        "table inet f {\nchain c {\ntype filter hook output priority 0;\n"
        f"udp dport {PORT} fib daddr type {{ broadcast, multicast }} drop;\n}}\n}}\n"
    )
    blocked = firm.router.probe(announcement)
    unicast = firm.router.probe(target("udp", firm.client_address))
    kept_out = firm.client.listen(state="stopped")["heard"]

    assert allowed.short("t") == ("open", "pass", "high")
    assert heard == {"udp": [{"peer": firm.inside, "count": 1, "valid": 1}]}
    assert blocked.short("t") == ("blocked_locally", "fail", "high")
    assert unicast.short("t") == ("open", "pass", "high")
    # The one that was heard is the unicast one: the same port stays open for it.
    assert kept_out == {"udp": [{"peer": firm.inside, "count": 1, "valid": 1}]}
