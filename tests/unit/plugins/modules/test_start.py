# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module starts as a program under this Python, and says what is wrong with its input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[4]
_PACKAGE = "ansible_collections.legalops.timesensor.plugins.modules"
NAMES = sorted(path.stem for path in (_ROOT / "plugins" / "modules").glob("*.py"))


def run(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    before = os.environ.get("PYTHONPATH")
    # The second is where ansible-test has put this tree.
    places = [
        str(_ROOT / ".build"),
        str((_ROOT / "../../..").resolve()),
        *([before] if before else []),
    ]
    done = subprocess.run(
        [sys.executable, "-m", f"{_PACKAGE}.{name}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == int(bool(found.get("failed"))), done.stderr
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_named(name: str) -> None:
    found = run(name, {"no_such_option": 1})
    assert found["failed"] is True
    assert "no_such_option" in found["msg"]


def test_check_mode_of_ftp_path() -> None:
    found = run("ftp_path", {"host": "192.0.2.1", "path": "p", "_ansible_check_mode": True})
    assert (found["skipped"], found["verdict"]) == (True, "not_probed")


def test_a_probe() -> None:
    found = run("flow_probe", {"targets": [{"id": "a", "port": 21}], "timeout": 1})
    assert [item["verdict"] for item in found["results"]] == ["not_probed"]


def test_a_download_keeps_its_password_to_itself() -> None:
    """Nothing listens there; what counts is the way of the options through Ansible's masking."""
    found = run("ftp_path", {"host": "127.0.0.1", "port": 1, "path": "p", "password": "1"})
    assert found["observation"]["phase"] == "connect"
    assert found["observation"]["port"] == 1
    shown = found.get("invocation", {}).get("module_args", {})  # newer cores leave it out
    assert shown.get("password") != "1"
