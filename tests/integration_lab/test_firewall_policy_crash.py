# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that dies, or that the disk refuses, leaves the rules whole, and nothing that a later
removal would not take away."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration_lab.private_host import PrivateHost

ADMIN_RULES = (Path(__file__).parent / "rulesets" / "admin.nft").read_text()
FIRST: dict[str, Any] = {
    "name": "a",
    "flows": [
        {"id": "f", "direction": "outbound", "protocol": "tcp", "ports": [21], "service": "ftp"}
    ],
}
SECOND: dict[str, Any] = {
    "name": "b",
    "default_egress": "deny",
    "default_ingress": "deny",
    "management": [{"peer": "192.0.2.5", "port": 22}],
    "flows": [{"id": "g", "direction": "outbound", "protocol": "tcp", "ports": [8443]}],
}
ABSENT = {"name": "b", "state": "absent"}

# Kills its process at the n-th call that changes something, and counts them.
_DIE = """
import os, signal, subprocess, sys
calls = 0
def dying(real):
    def call(*words, **options):
        global calls
        calls += 1
        if calls == int(os.environ["DIE_AT"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **options)
    return call
for name in ("chmod", "fchmod", "fsync", "mkdir", "rename", "rmdir", "symlink", "unlink"):
    setattr(os, name, dying(getattr(os, name)))
subprocess.run = dying(subprocess.run)
"""


def dies(host: PrivateHost, params: dict[str, Any], at: int) -> bool:
    """Run the engine so that it is killed at its `at`-th change; tell whether it got that far."""
    command = host.engine_command(f"DIE_AT={at}")
    command[-1] = _DIE + command[-1]
    done = subprocess.run(
        command,
        input=json.dumps(["apply", params, False]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


@pytest.mark.parametrize(
    ("setup", "params"),
    [
        ([], SECOND),
        ([FIRST], SECOND),
        ([SECOND], ABSENT),
        ([FIRST, SECOND], ABSENT),
        ([SECOND], {**SECOND, "persist": False}),
    ],
    ids=["first", "second", "remove-last", "remove-one", "not-persistent-any-more"],
)
def test_killed_at_any_point(
    host: PrivateHost, setup: list[dict[str, Any]], params: dict[str, Any]
) -> None:
    host.nft(ADMIN_RULES)
    clean = host.state()
    for policy in setup:
        host.apply(policy)
    rules = {host.rules()}
    host.apply(params)
    rules.add(host.rules())
    new = host.state()
    host.remove("b")
    at = 0
    while True:
        at += 1
        for policy in setup:
            host.apply(policy)
        died = dies(host, params, at)
        assert host.rules() in rules, f"half a change at {at}"
        host.apply(params)
        assert host.state() == new, f"not mended after {at}"
        for policy in (*setup, params):
            host.remove(policy["name"])
        assert host.state() == clean, f"something stays after {at}"
        if not died:
            break
    assert at > 5


def read_only(path: str) -> Callable[[PrivateHost], None]:
    return lambda host: assert_done(host.run("mount", "-o", "remount,ro", path))


def full(host: PrivateHost) -> None:
    host.run("mount", "-o", "remount,size=4k", "/var/lib")
    host.run("sh", "-c", "head -c 4096 /dev/zero > /var/lib/fill || true")


def assert_done(output: str) -> None:
    assert output == ""


@pytest.mark.parametrize(
    "spoil",
    [read_only("/var/lib"), read_only("/etc/systemd/system"), full],
    ids=["read-only-var", "read-only-etc", "full"],
)
def test_what_the_disk_refuses_changes_nothing(
    host: PrivateHost, spoil: Callable[[PrivateHost], None]
) -> None:
    spoil(host)
    before = host.state()
    result = host.apply(SECOND)
    assert "cannot be written" in result["msg"]
    assert "Nothing was changed" in result["msg"]
    assert host.state() == before


def test_a_removal_that_the_disk_refuses_leaves_the_rules(host: PrivateHost) -> None:
    """Nothing is staged for a removal, so the disk says no after the kernel has said yes."""
    host.apply(SECOND)
    before = host.state()
    host.run("mount", "-o", "remount,ro", "/etc/systemd/system")
    result = host.remove("b")
    assert "cannot be changed: Read-only file system" in result["msg"]
    assert result["transaction"]["rolled_back"]
    assert host.state() == before


def test_a_policy_that_a_reboot_drops_does_not_come_back_with_another_one(
    host: PrivateHost,
) -> None:
    host.apply({**SECOND, "persist": False})
    assert not host.apply({**SECOND, "persist": False})["changed"]
    host.run("sh", "-c", "nft flush ruleset; find /run -mindepth 1 -delete")  # what a reboot does
    host.apply(FIRST)
    assert "deny of b" not in host.rules()


def test_a_reload_of_the_admins_rules_keeps_what_a_reboot_drops(host: PrivateHost) -> None:
    host.apply({**SECOND, "persist": False})
    host.apply(FIRST)
    before = host.rules()
    unit = host.run("cat", "/etc/systemd/system/legalops-timesensor-firewall.service")
    command = next(line[11:] for line in unit.splitlines() if line.startswith("ExecReload="))
    host.run("nft", "flush", "ruleset")
    host.run(*command.split())
    assert host.rules() == before


def test_directories_are_readable_whatever_the_umask(host: PrivateHost) -> None:
    host.call(["sh", "-c", 'umask 077; exec "$@"', "sh"], "apply", FIRST)
    modes = host.run("stat", "-c", "%a", "/etc/systemd/system/sysinit.target.wants")
    assert modes == "755\n"


@pytest.mark.parametrize(
    "damage",
    [
        's/"localhost": \\[/"otherhost": [/',
        's/"name": "a"/"name": "z"/',
    ],
    ids=["no-addresses", "other-name"],
)
def test_a_stored_policy_that_does_not_fit_is_named(host: PrivateHost, damage: str) -> None:
    flow = {**FIRST["flows"][0], "peers": ["localhost"]}
    host.apply({"name": "a", "flows": [flow]})
    path = "/var/lib/legalops_timesensor/policies/a.json"
    host.run("sed", "-i", damage, path)
    before = host.state()
    result = host.apply(SECOND)
    assert f"{path} is damaged" in result["msg"]
    assert host.state() == before
