# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every guide and every example of the documentation, typed word for word in the lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration_lab import documented

from lab import Lab, firm, package

pytestmark = pytest.mark.lab

MODULES = sorted((documented.TREE / "plugins" / "modules").glob("*.py"))
GUIDES = sorted(path.stem for path in documented.GUIDES.glob("*.rst"))
# Where a module's examples make sense; the server of the firm for all others.
PLACES = {
    "firewall_policy": "gateway",
    "firewall_policy_info": "gateway",
    "test_package": "update",
}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(firm()) as running:
        for service, host in (
            ("openssh", "update"),
            ("nginx", "licence"),
            ("mail", "mail"),
            ("tls_app", "datacentre"),
            ("quic", "datacentre"),
        ):
            running.services.start(service, host)
        yield running


def named_hosts(lab: Lab, place: Path) -> Path:
    """Write an inventory that tells how to reach the hosts under the names of the documentation."""
    tree = json.loads(lab.inventory().read_text())
    known = tree["all"]["hosts"]
    named = {name: known[spec.name] for spec in lab.topology.hosts for name in spec.names}
    # In the lab Ansible is root already, and there is no sudo.
    variables = {**tree["all"]["vars"], "ansible_become": False}
    path = place / "how-to-reach.json"
    path.write_text(json.dumps({"all": {"vars": variables, "hosts": named}}))
    return path


def run(lab: Lab, place: Path, command: list[str]) -> str:
    """Run a program of Ansible in `place`; it has to succeed. Return its output."""
    done = lab.run_ansible(place, *command, "-i", str(named_hosts(lab, place)))
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("name", GUIDES)
def test_each_step_of_a_guide_works(lab: Lab, tmp_path: Path, name: str) -> None:
    steps = documented.guide(name)
    commands = [step for step in steps if step.command]
    assert commands
    for step in steps:
        if step.name:
            (tmp_path / step.name).write_text(step.content)
        else:
            shown = run(lab, tmp_path, list(step.command))
            if "onboard" in step.command[-1] and "--check" not in step.command:
                assert " 0 not as wanted" in shown


@pytest.mark.parametrize("path", MODULES, ids=[path.stem for path in MODULES])
def test_examples_of_a_module_run(lab: Lab, tmp_path: Path, path: Path) -> None:
    tasks: list[dict[str, Any]] = yaml.safe_load(documented.examples(path))
    assert any(f"legalops.timesensor.{path.stem}" in task for task in tasks)
    # A host's disk lies there; all else is in memory, too small for a package.
    lab["update"].sh("mkdir -p /srv/lab/ftp; rm -r /srv/ftp; ln -s lab/ftp /srv/ftp")
    if path.stem == "ftp_path":
        serve_a_package(lab)
    place = PLACES.get(path.stem, "server")
    play = {
        "hosts": f"{place}*",
        "gather_facts": False,
        "vars": {"listener_token": "0123456789abcdef"},
        "tasks": tasks,
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    run(lab, tmp_path, ["ansible-playbook", "play.yml"])


def serve_a_package(lab: Lab) -> None:
    """Serve a package of 16 MiB, larger than what any example takes of it."""
    lab.services.start("vsftpd", "update")
    path = lab["update"].disk / "ftp" / "timesensor-test-package.bin"
    package.write(path, 16 << 20, "timesensor")
