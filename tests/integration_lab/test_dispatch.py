# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dispatcher: which module a public name runs, by the shell of the connection."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab import ansible


def run(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """Run one task with Ansible itself on this machine; the probe has nothing to send."""
    target: dict[str, Any] = {"targets": [{"id": "a", "port": 443}]}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "-c", "local"),
            *("-m", "legalops.timesensor.flow_probe", "-a", json.dumps(target)),
            *("-e", f"ansible_python_interpreter={sys.executable}", *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**ansible.environment(tmp_path), "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote")},
    )
    return done.returncode, done.stdout + done.stderr


def test_a_posix_host_runs_the_module_of_the_public_name(tmp_path: Path) -> None:
    code, output = run(tmp_path)

    assert code == 0, output
    assert '"verdict": "not_probed"' in output


def test_a_windows_host_gets_a_clear_error_until_its_module_is_there(tmp_path: Path) -> None:
    code, output = run(tmp_path, "-e", "ansible_shell_type=powershell")

    assert code != 0
    assert (
        "legalops.timesensor.flow_probe is not there yet for Windows hosts: this release has no"
        " module legalops.timesensor.win_flow_probe. Nothing was done on the host."
    ) in output
