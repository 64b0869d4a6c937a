# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that must not be cut off, such as apt-get, is not: Ctrl-C waits for its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[3] / "tools"
INSTALL = """
import quiet
with quiet.signals_wait():
    quiet.run(["sh", "-c", "echo begun; echo > begun; sleep 0.5; echo > done"], "failed", True)
print("went on")
"""


def test_ctrl_c_waits_for_the_end_of_what_must_not_be_cut_off(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INSTALL],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "begun").exists() and process.poll() is None:
        pass
    # As a terminal does it: to all processes of the foreground.
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert (tmp_path / "done").exists()
    assert output == ""
    assert "KeyboardInterrupt" in errors
    assert process.returncode == -signal.SIGINT
