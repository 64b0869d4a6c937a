# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a person runs it, and stops it: whatever ends it, the machine is as it was.

Runs are long, so the ones that are stopped are stopped early, and the one that is stopped in the
middle of the download runs beside the one that is not stopped at all.
"""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import linux, machine, rundir, wait_for
from lab.machine import Machine

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("own_cache")]

TREE = Path(__file__).resolve().parents[2]
MIB = 1024**2


class RunningDemo:
    """One run, and what it prints so far."""

    def __init__(self, output: Path, *command: str, terminal: int | None = None) -> None:
        self.output = output
        # As a person's shell would: outside of any make, in a session of its own.
        environment = {key: value for key, value in os.environ.items() if "MAKE" not in key}
        with output.open("w") as file:
            self.process = subprocess.Popen(
                # setsid makes the terminal on its standard input the one whose keys it obeys.
                command if terminal is None else ["setsid", "--ctty", *command],
                cwd=TREE,
                env={**environment, "PYTHONPATH": str(TREE / "tests")},
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=terminal is None,
            )

    def printed(self) -> str:
        return self.output.read_text()

    def until(self, condition: Callable[[], object], otherwise: str) -> dict[int, str | None]:
        """Wait; return pid and start of all processes of the run at that moment."""
        wait_for(lambda: condition() or self.process.poll() is not None, 240, otherwise)
        assert self.process.poll() is None, self.printed()
        below = linux.descendants(self.process.pid)
        return {pid: linux.start_time(pid) for pid in below}

    def in_a_task(self) -> dict[int, str | None]:
        """Wait until Ansible is at work in the hosts."""
        found = self.until(
            lambda: re.search("(?s)ansible-playbook.*\nTASK.*\nTASK", self.printed()),
            "no task was started",
        )
        assert len(found) > 12  # make or demo, keeper, hosts, servers, Ansible
        return found

    def in_the_download(self) -> dict[int, str | None]:
        """Wait until the firm's server has received a part of the package."""
        return self.until(lambda: self._received() > 50 * MIB, "no download was seen")

    def _received(self) -> int:
        states = [state for state in rundir.running() if state["pid"] == self.process.pid]
        for state in states:
            counters = Path(f"/proc/{state['hosts']['server']['pid']}/net/dev").read_text()
            return sum(int(count) for count in re.findall(r"eth0: *(\d+)", counters))
        return 0

    def end(self, seconds: float) -> int:
        return self.process.wait(seconds)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    """Start `python -m lab.demo`; what a failed test leaves running is killed."""
    runs: list[RunningDemo] = []

    def make(size: int) -> RunningDemo:
        command = [sys.executable, "-m", "lab.demo", "--size", str(size)]
        runs.append(RunningDemo(tmp_path / f"output{len(runs)}", *command))
        return runs[-1]

    yield make
    for run in runs:
        run.process.kill()
        run.process.wait()


def all_gone(processes: dict[int, str | None]) -> bool:
    return all(linux.start_time(pid) != start for pid, start in processes.items() if start)


def assert_nothing_is_left(before: Machine) -> None:
    wait_for(lambda: not list(rundir.runs_dir().glob("lab-*")), 5, "run dirs are left")
    assert machine.difference(before, Machine.now()) == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_a_task_it_ends_at_once(
    start: Callable[..., RunningDemo], number: signal.Signals, code: int
) -> None:
    before = Machine.now()
    demo = start(8 * MIB)
    processes = demo.in_a_task()
    demo.process.send_signal(number)
    assert demo.end(5) == code
    assert all_gone(processes)
    assert_nothing_is_left(before)
    assert re.search(r"demo: stopped.*\n  processes +none of ours is left\n", demo.printed(), re.S)
    assert "DIFFERENT" not in demo.printed()


def test_ctrl_c_reaches_make_and_all_below_it(tmp_path: Path) -> None:
    """A terminal sends it to all of its foreground processes at once."""
    before = Machine.now()
    ours, theirs = pty.openpty()
    command = ["make", "demo", f"ARGS=--size {8 * MIB}"]
    demo = RunningDemo(tmp_path / "output", *command, terminal=theirs)
    os.close(theirs)
    try:
        processes = demo.in_a_task()
        os.write(ours, b"\x03")
        assert demo.end(5) in (2, -signal.SIGINT)
        assert all_gone(processes)
        assert_nothing_is_left(before)
    finally:
        demo.process.kill()
        os.close(ours)


def test_killed_make_takes_the_demo_with_it(tmp_path: Path) -> None:
    before = Machine.now()
    demo = RunningDemo(tmp_path / "output", "make", "demo", f"ARGS=--size {8 * MIB}")
    processes = demo.in_a_task()
    demo.process.kill()
    demo.end(5)
    wait_for(lambda: all_gone(processes), 5, "processes of the demo are left")
    assert_nothing_is_left(before)


def test_after_kill_9_a_rerun_tells_the_whole_story(start: Callable[..., RunningDemo]) -> None:
    before = Machine.now()
    killed = start(8 * MIB)
    processes = killed.in_a_task()
    killed.process.kill()
    killed.end(5)
    wait_for(lambda: all_gone(processes), 5, "processes of the demo are left")
    assert_nothing_is_left(before)

    rerun, downloading = start(8 * MIB), start(1024 * MIB)
    processes = downloading.in_the_download()
    downloading.process.send_signal(signal.SIGINT)
    assert downloading.end(5) == 130
    assert all_gone(processes)

    assert rerun.end(900) == 0, rerun.printed()
    assert_nothing_is_left(before)
    shown = rerun.printed()
    assert "demo: all steps ended as promised" in shown
    for title in ("nft ruleset", "addresses", "mounts", "/etc"):
        assert re.search(rf"\n  {title} +the same\n", shown)
    assert re.search(r"\n  processes +none of ours is left\n", shown)
