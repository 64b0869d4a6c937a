# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays against hosts of the lab, and what one task of them costs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab import Host, Lab, ansible

from .figures import Usage
from .hosts import BUILD, place_of
from .process import MeasurementFailed, cpu_of_daemons, run

Task = Mapping[str, Any]


class Player:
    """Runs plays of one lab.

    Controller and managed host are one machine here, and the connection starts the host's part as a
    child of Ansible: the CPU time of a play is that of both sides. What daemons of the host do for
    it is added.
    """

    def __init__(self, lab: Lab, collections: Path | None = None) -> None:
        """`collections` is a folder with further collections."""
        self._lab = lab
        self._place = place_of(lab)
        environment = ansible.environment(self._place / "home")
        paths = [environment["ANSIBLE_COLLECTIONS_PATH"]]
        if collections is not None:
            paths.append(str(collections))
        self._environment = {
            **environment,
            **lab.ansible_env(),
            "ANSIBLE_COLLECTIONS_PATH": ":".join(paths),
            "ANSIBLE_NOCOLOR": "1",
            # As for a user, all plugins are compiled once; but not into this tree.
            "PYTHONPYCACHEPREFIX": str(BUILD / "bench" / "pycache"),
        }
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def play(
        self, hosts: Sequence[Host], tasks: Sequence[Task], changed: bool | None = None
    ) -> Usage:
        """Play tasks on hosts and return what that took.

        Raises `MeasurementFailed` when a task fails, or when `changed` tells whether something had
        to change on each host and it was not so.
        """
        names = [host.name for host in hosts]
        book = self._place / "play.json"
        book.write_text(json.dumps([{"hosts": names, "gather_facts": False, "tasks": list(tasks)}]))
        command = [*ansible.command("ansible-playbook"), "-i", str(self._lab.inventory())]
        before = sum(map(cpu_of_daemons, hosts))
        used, output = run([*command, str(book)], self._place, env=self._environment)
        daemons = sum(map(cpu_of_daemons, hosts)) - before
        if changed is not None:
            for name in names:
                self._check(name, output, changed)
        return Usage(used.wall, used.cpu + daemons)

    def _check(self, name: str, output: str, changed: bool) -> None:
        recap = re.search(rf"^{name} +: ok=\d+ +changed=(\d+)", output, re.MULTILINE)
        if recap is None or (recap[1] != "0") is not changed:
            raise MeasurementFailed(
                f"a play on {name} should {'' if changed else 'not '}have changed something:"
                f" {output[-2000:]}"
            )
