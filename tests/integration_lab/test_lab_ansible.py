# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible reaches the lab's hosts through the lab's connection plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import Lab, firm
from lab.host import enter_argv

pytestmark = pytest.mark.lab


def ansible(lab: Lab, *arguments: str, inventory: Path | None = None) -> tuple[int, str]:
    command = Path(sys.executable).with_name("ansible")
    done = subprocess.run(
        [command, "-i", inventory or lab.inventory(), *arguments],
        env={**os.environ, **lab.ansible_env(), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_ping(shared_firm: Lab) -> None:
    code, output = ansible(shared_firm, "all", "-m", "ansible.builtin.ping")
    assert code == 0, output
    assert output.count('"ping": "pong"') == len(shared_firm.hosts)


def test_groups(shared_firm: Lab) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-inventory"),
            "-i",
            shared_firm.inventory(),
            "--list",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    groups = json.loads(done.stdout)
    assert groups["lan"]["hosts"] == ["workstation", "server"]
    assert groups["gateways"]["hosts"] == ["gateway"]
    assert "update" in groups["wan"]["hosts"]


@pytest.mark.parametrize("pipelining", ["True", "False"])
def test_files_go_both_ways(
    shared_firm: Lab, tmp_path: Path, pipelining: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Lab.ansible_env
    monkeypatch.setattr(
        type(shared_firm),
        "ansible_env",
        lambda self: {**plain(self), "ANSIBLE_PIPELINING": pipelining},
    )
    source = tmp_path / "source with 'quotes'"
    source.write_bytes(bytes(range(256)) * 1000)
    code, output = ansible(
        shared_firm,
        "server",
        *("-m", "ansible.builtin.copy", "-a", json.dumps({"src": str(source), "dest": "/etc/c"})),
    )
    assert code == 0, output
    assert shared_firm["server"].read_bytes("/etc/c") == source.read_bytes()
    arguments = json.dumps({"src": "/etc/c", "dest": f"{tmp_path}/back", "flat": True})
    code, output = ansible(shared_firm, "server", "-m", "ansible.builtin.fetch", "-a", arguments)
    assert code == 0, output
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_the_machine_is_never_entered_by_mistake(shared_firm: Lab, tmp_path: Path) -> None:
    """A host's pid may belong to another process later; its start time tells."""
    data = json.loads(shared_firm.inventory().read_text())
    data["all"]["hosts"]["server"]["lab_pid"] = os.getpid()
    stale = tmp_path / "stale.yml"
    stale.write_text(json.dumps(data))
    code, output = ansible(shared_firm, "server", "-m", "ansible.builtin.ping", inventory=stale)
    assert code != 0
    assert f"the lab host with pid {os.getpid()} is gone" in output


def test_a_lab_that_is_gone_is_named(tmp_path: Path) -> None:
    with Lab(firm()) as lab:
        inventory = lab.inventory(tmp_path / "inventory.yml")
    code, output = ansible(lab, "server", "-m", "ansible.builtin.ping", inventory=inventory)
    assert code != 0
    assert "does the lab of this inventory still run?" in output


def test_the_plugin_enters_a_host_as_the_library_does() -> None:
    source = (Path(__file__).parents[1] / "lab/connection/lab.py").read_text()
    for word in enter_argv(1):
        assert f'"{word}"' in source or word == "1", word
