# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules and the scenario roles as a user runs them: through Ansible, on a host of their
own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from integration_lab.private_host import PrivateHost

from lab import ansible as playing


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.json"
    server = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
    }
    group = {"hosts": {"server": server}}
    path.write_text(json.dumps({"all": {"children": {"timesensor_legal_365_server": group}}}))
    return path


def ansible(
    host: PrivateHost, inventory: Path, program: str, *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        host.command(playing.program(program), "-i", str(inventory), *words),
        env=playing.environment(inventory.parent / "home"),
        cwd=inventory.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def play(inventory: Path, verb: str) -> str:
    include = {"name": "legalops.timesensor.legal_365_server", "tasks_from": verb}
    return playing.write_play(inventory.parent / f"{verb}.yml", "all", [include])


def test_role_applies_once_and_leaves_nothing_behind(host: PrivateHost, inventory: Path) -> None:
    before = host.state()
    deny = ("-e", json.dumps({"legal_365_server_default_ingress": "deny"}))
    for expected in ("changed=1", "changed=0"):
        done = ansible(host, inventory, "ansible-playbook", play(inventory, "apply"), *deny)
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout
    assert "default_ingress deny of legal_365_server" in host.rules()
    done = ansible(host, inventory, "ansible-playbook", "legalops.timesensor.offboard")
    assert "changed=1" in done.stdout, done.stdout + done.stderr
    assert host.state() == before


def test_verify_names_what_is_closed_and_writes_evidence(
    host: PrivateHost, inventory: Path
) -> None:
    """Nothing listens on the licence ports of the loopback, and the rest has no endpoint."""
    reports = inventory.parent / "reports"
    settings = {
        "legal_365_server_endpoints": {"licence": {"host": "198.51.100.7"}},
        "legal_365_server_report_dir": str(reports),
        "legal_365_server_firm": "muster",
    }
    done = ansible(
        host, inventory, "ansible-playbook", play(inventory, "main"), "-e", json.dumps(settings)
    )
    assert done.returncode == 2
    shown = done.stdout + done.stderr
    assert "3 not as wanted" in shown
    assert shown.count("changed=1 ") == 1, "the rules count as a change, the report does not"
    path = reports / "muster" / "server.json"
    assert path.stat().st_mode & 0o777 == 0o600
    document = json.loads(path.read_text())
    assert document["schema"] == "legalops.timesensor/evidence/1"
    found = {(row["flow"], row["port"]): row for row in document["flows"]}
    assert found["licence_https", "443"]["verdict"] == "no_route"
    assert found["licence_https", "443"]["rules"] == "present"
    assert found["licence_https", "443"]["fix"]
    assert found["db_sql", "19812"]["verdict"] == "not_probed"


def test_check_mode_shows_what_would_change_and_keeps_no_evidence(
    host: PrivateHost, inventory: Path
) -> None:
    reports = inventory.parent / "reports"
    settings = json.dumps(
        {
            "legal_365_server_report_dir": str(reports),
            "legal_365_server_default_ingress": "deny",
        }
    )
    before = host.state()
    done = ansible(
        host,
        inventory,
        "ansible-playbook",
        "legalops.timesensor.onboard",
        *("--check", "--diff", "-e", settings),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "default_ingress deny of legal_365_server" in done.stdout
    assert "16 not probed" in done.stdout
    assert "legalops.timesensor/evidence" not in done.stdout
    assert not reports.exists()
    assert host.state() == before


def test_a_host_that_is_down_does_not_keep_the_others_from_their_proof(
    host: PrivateHost, inventory: Path
) -> None:
    """It is the only one of its group, and Ansible ends a run in which a whole play has failed."""
    groups = json.loads(inventory.read_text())
    gone = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    groups["all"]["children"]["timesensor_classic"] = {"hosts": {"gone": gone}}
    inventory.write_text(json.dumps(groups))
    done = ansible(host, inventory, "ansible-playbook", "legalops.timesensor.verify")
    assert done.returncode != 0
    assert "not as wanted, 16 not probed" in done.stdout, done.stdout + done.stderr
    assert "gone: nothing of classic proved" in done.stdout


def test_wrong_variables_are_told_at_once_and_nothing_is_applied(
    host: PrivateHost, inventory: Path
) -> None:
    before = host.state()
    wrong: dict[str, Any] = {
        "legal_365_server_endpoints": {"mial": {"host": "x"}, "licence": {"ports": [0]}},
        "legal_365_server_inbound_peers": ["10.0.0.1/8"],
    }
    done = ansible(
        host, inventory, "ansible-playbook", play(inventory, "main"), "-e", json.dumps(wrong)
    )
    assert done.returncode == 2
    for words in (
        "legal_365_server_endpoints.mial: unknown",
        "legal_365_server_endpoints.licence.ports: port 0",
        "flow db_sql_in, peers: '10.0.0.1/8' has bits set",
    ):
        assert words in done.stdout + done.stderr
    assert host.state() == before


def test_module_tells_every_mistake_with_flow_and_field(host: PrivateHost, inventory: Path) -> None:
    wrong = {
        "name": "x",
        "foo": 1,
        "enforcement": "bridge",
        "flows": [{"id": "a", "direction": "out", "protocol": "tcp", "ports": [70000], "bar": 2}],
    }
    done = ansible(
        host,
        inventory,
        "ansible",
        *("all", "-m", "legalops.timesensor.firewall_policy", "-a", json.dumps(wrong)),
    )
    assert done.returncode == 2
    shown = json.loads(done.stdout.split("=>", 1)[1])
    assert sorted(problem["where"] for problem in shown["errors"]) == [
        "enforcement",
        "flow a, bar",
        "flow a, direction",
        "flow a, ports",
        "foo",
    ]


def test_warnings_reach_the_user(host: PrivateHost, inventory: Path) -> None:
    params = {
        "name": "x",
        "default_ingress": "deny",
        "flows": [{"id": "a", "direction": "outbound", "protocol": "tcp", "ports": [443]}],
    }
    done = ansible(
        host,
        inventory,
        "ansible",
        *("all", "-m", "legalops.timesensor.firewall_policy", "-a", json.dumps(params)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the dead-man switch is not written yet" in done.stdout + done.stderr
