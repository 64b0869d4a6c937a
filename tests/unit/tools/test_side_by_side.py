# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lanes run at the same time, go on after a failure, and end with the one who started them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import quiet
import side_by_side

from lab import wait_for

SCRIPT = Path(side_by_side.__file__)


def started(program: str) -> subprocess.Popen[str]:
    """Run a program that has the lanes."""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=SCRIPT.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_a_lane_goes_on_after_a_failure_and_the_failure_counts(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = side_by_side.Lanes({"one": [["false"], ["echo", "after"]], "two": [["true"]]}).run()
    assert code == 1
    assert capfd.readouterr().out == "one | after\n"


def test_lanes_run_at_the_same_time(tmp_path: Path) -> None:
    """Each lane waits for what only the other one brings."""
    for name in ("a", "b"):
        subprocess.run(["mkfifo", tmp_path / name], check=True)
    talk = "echo from {0} > {0}; cat < {1}"
    listen = "cat < {1}; echo from {0} > {0}"
    a, b = tmp_path / "a", tmp_path / "b"
    lanes = {
        "one": [["timeout", "20", "sh", "-c", talk.format(a, b)]],
        "two": [["timeout", "20", "sh", "-c", listen.format(b, a)]],
    }
    assert side_by_side.Lanes(lanes).run() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_that_runs_and_begins_nothing_new(
    tmp_path: Path, number: signal.Signals
) -> None:
    begun = tmp_path / "begun"
    # The shell dies of it, and leaves its child to us.
    program = (
        "import side_by_side\n"
        "first = ['sh', '-c', 'sleep 60 & echo $!; wait']\n"
        f"side_by_side.Lanes({{'lane': [first, ['touch', {str(begun)!r}]]}}).run()\n"
    )
    with started(program) as process:
        assert process.stdout is not None
        child = process.stdout.readline().removeprefix("lane | ").strip()
        assert Path("/proc", child).exists()
        process.send_signal(number)
        assert process.wait(20) != 0
        wait_for(lambda: not Path("/proc", child).exists(), 5, "the child lives on")
    assert not begun.exists()


def test_what_does_not_obey_is_killed() -> None:
    program = (
        "import side_by_side\n"
        "side_by_side._PATIENCE = 0.3\n"
        "stubborn = ['sh', '-c', 'trap \"\" TERM; echo up; while :; do sleep 1; done']\n"
        "side_by_side.Lanes({'lane': [stubborn]}).run()\n"
    )
    with started(program) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "lane | up\n"
        process.terminate()
        assert process.wait(20) != 0


def test_a_signal_that_the_caller_ignores_is_ignored() -> None:
    """nohup(1) has SIGHUP ignored."""
    program = (
        "import os, signal, side_by_side\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "hang_up = ['sh', '-c', f'kill -HUP {os.getpid()}; sleep 0.5; echo still here']\n"
        "raise SystemExit(side_by_side.Lanes({'lane': [hang_up]}).run())\n"
    )
    with started(program) as process:
        assert process.communicate(timeout=20)[0] == "lane | still here\n"
    assert process.returncode == 0


def test_two_lanes_of_one_name_are_refused() -> None:
    with pytest.raises(quiet.ToolError, match="two lanes have one name: units, units"):
        side_by_side.main(["make units", "make -k units"])
