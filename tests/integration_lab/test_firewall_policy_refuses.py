# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewall_policy must refuse, and that it then leaves the host as it was."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from integration_lab.private_host import PrivateHost

POLICY: dict[str, Any] = {
    "name": "p",
    "flows": [
        {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [21], "service": "ftp"}
    ],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backend": "firewalld"}, "The backend firewalld is not written yet"),
        ({"confirm_timeout": 60}, "the dead-man switch is not written yet"),
        (
            {"flows": [{**POLICY["flows"][0], "peers": ["no-such-host.invalid"]}]},
            "flow f, peers: 'no-such-host.invalid' does not resolve here",
        ),
    ],
)
def test_refusal_says_what_and_changes_nothing(
    host: PrivateHost, change: dict[str, Any], message: str
) -> None:
    before = host.state()
    result = host.apply({**POLICY, **change})
    assert result["failed"]
    assert message in result["msg"]
    assert host.state() == before


def test_without_nft(host: PrivateHost) -> None:
    host.run("mount", "-t", "tmpfs", "none", "/usr/sbin")
    result = host.apply(POLICY)
    assert "nft is not on this host" in result["msg"]
    assert "install the package nftables" in result["msg"]


def test_without_root(host: PrivateHost) -> None:
    result = host.call(["unshare", "--map-user=1000", "--user"], "apply", POLICY)
    assert "only root may" in result["msg"]


def test_damaged_store_is_named_and_left(host: PrivateHost) -> None:
    host.apply(POLICY)
    path = "/var/lib/legalops_timesensor/policies/p.json"
    host.run("sh", "-c", f"echo '{{' > {path}")
    before = host.state()
    result = host.apply({**POLICY, "name": "q"})
    assert f"{path} is damaged" in result["msg"]
    assert host.state() == before


def test_what_stops_another_policy_is_a_warning_for_this_one(host: PrivateHost) -> None:
    host.apply(POLICY)
    host.nft(
        "table ip filter { chain OUTPUT { type filter hook output priority filter;\n"
        "tcp dport 21 drop\n}\n}\n"
    )
    other = {"name": "q", "flows": [{**POLICY["flows"][0], "ports": [443], "service": ""}]}
    result = host.apply(other)
    assert result["changed"]
    assert "stops p/f; iptables manages it" in str(result["warnings"])
    assert result["conflicts"][0]["flows"] == ["p/f"]
    assert host.apply(POLICY)["failed"]


def test_bytes_that_are_no_utf8_stop_nobody(host: PrivateHost) -> None:
    rule = b'tcp dport 1 accept comment "caf\xe9"'
    table = b"table inet admin { chain c { type filter hook output priority 0;\n%s\n}\n}\n"
    subprocess.run(host.command("nft", "-f", "-"), input=table % rule, check=True)
    listing = host.command("nft", "-s", "list", "ruleset")
    before = subprocess.run(listing, capture_output=True, check=True).stdout
    assert host.apply(POLICY)["changed"]
    assert not host.apply(POLICY)["changed"]
    host.remove("p")
    assert subprocess.run(listing, capture_output=True, check=True).stdout == before


def test_a_lock_that_cannot_be_opened_is_told(host: PrivateHost) -> None:
    host.run("mount", "-o", "remount,ro", "/run")
    assert "the lock /run/legalops_timesensor.lock cannot" in host.apply(POLICY)["msg"]


def test_runs_at_once_do_not_mix(host: PrivateHost) -> None:
    names = [f"p{number}" for number in range(6)]
    running = [
        subprocess.Popen(
            host.engine_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _unused in names
    ]
    for process, name in zip(running, names, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps(["apply", {**POLICY, "name": name}, False]))
        process.stdin.close()
    for process in running:
        assert process.wait(timeout=60) == 0
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["changed"]
    rules = host.rules()
    assert all(f'comment "{name}/f"' in rules for name in names)
    assert "legalops" not in host.run("ls", "/run")


def test_what_the_kernel_refuses_changes_nothing(host: PrivateHost) -> None:
    """A foreign chain that vanishes between plan and apply makes the one transaction fail as a
    whole."""
    host.nft(
        "table inet admin { chain out { type filter hook output priority 0; policy drop;\n}\n}\n"
    )
    wrapper = (
        '#!/bin/sh\nif [ "$1" = -f ]; then /usr/sbin/nft delete table inet admin; fi\n'
        'exec /usr/sbin/nft "$@"\n'
    )
    host.run("sh", "-c", "cat > /run/nft && chmod +x /run/nft", stdin=wrapper)
    result = host.call(["env", "PATH=/run:/usr/sbin:/usr/bin:/bin"], "apply", POLICY)
    assert "failed" in result["msg"]
    assert "legalops" not in host.rules()
    assert host.run("ls", "/var/lib").strip() == ""
