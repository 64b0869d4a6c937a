# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running Ansible on this collection, from its tree and with a home of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

COLLECTIONS = Path(__file__).resolve().parents[2] / ".build"


def environment(home: Path) -> dict[str, str]:
    """Variables for any program of Ansible; `home` takes what it writes."""
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOWS": "1",
        "LC_ALL": "C.UTF-8",
    }


def program(name: str) -> str:
    """Path of a program of Ansible beside the running Python."""
    return str(Path(sys.executable).with_name(name))


def command(name: str) -> list[str]:
    """The same as a command that ends with its caller, even with one that is killed: nobody else
    would tell Ansible to stop, and it would go on against hosts that are gone."""
    return ["setpriv", "--pdeathsig", "TERM", "--", program(name)]


def write_play(path: Path, hosts: str, includes: Sequence[dict[str, str]]) -> str:
    """Write a play that includes roles, each with the options of include_role; return its path."""
    tasks = [{"ansible.builtin.include_role": include} for include in includes]
    path.write_text(json.dumps([{"hosts": hosts, "gather_facts": False, "tasks": tasks}]))
    return str(path)
