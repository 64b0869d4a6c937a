# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's view of a lab: an inventory that uses the lab's connection plugin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import booted
from .host import Host
from .topology import Topology


def render(topology: Topology, hosts: Mapping[str, Host], run_dir: Path) -> str:
    """The inventory as YAML: as JSON, which YAML contains, so that the standard library does."""
    groups: dict[str, dict[str, Any]] = {}
    variables: dict[str, dict[str, Any]] = {}
    for host in hosts.values():
        if host.spec.boots:
            variables[host.name] = {
                "ansible_connection": "ansible.builtin.ssh",
                "ansible_ssh_args": booted.ansible_arguments(run_dir, host.name),
                "ansible_become": True,
            }
        variables.setdefault(host.name, {}).update(
            {
                "lab_pid": host.pid,
                "lab_started": host.started,
                "lab_addresses": host.addresses,
            }
        )
        for group in host.spec.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][host.name] = {}
    tree = {
        "all": {
            "vars": {
                "ansible_connection": "lab",
                "ansible_python_interpreter": "/usr/bin/python3",
                "lab_topology": topology.name,
            },
            "hosts": variables,
            "children": groups,
        }
    }
    return json.dumps(tree, indent=2) + "\n"


def environment() -> dict[str, str]:
    """Variables for ansible-playbook: where the connection plugin is, and pipelining."""
    return {
        "ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).resolve().parent / "connection"),
        "ANSIBLE_PIPELINING": "True",
    }
