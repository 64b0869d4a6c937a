# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the lab on which the engine runs: with the lab's own programs, network and files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from integration_lab.private_host import EngineHost

from lab.host import ENVIRONMENT, Host

_TREE = Path(__file__).resolve().parents[2]
_TARGET_CODE = "plugins/module_utils"


class LabHost(EngineHost):
    """Wraps a running host of a lab and brings the code for managed hosts to it."""

    code = "/opt/timesensor"
    python = "python3"

    def __init__(self, host: Host) -> None:
        self.host = host
        place = f"{self.code}/ansible_collections/legalops/timesensor"
        archive = subprocess.run(
            ["tar", "-c", "--exclude=__pycache__", "-C", str(_TREE), _TARGET_CODE],
            capture_output=True,
            check=True,
        ).stdout
        host.run(["mkdir", "-p", place], check=True)
        host.run(["tar", "-x", "-C", place], input=archive, text=False, check=True)

    def command(self, *words: str) -> list[str]:
        environment = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return self.host.argv(["env", "-i", *environment, *words])
