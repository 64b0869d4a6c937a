# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab in the background, as molecule needs it: it lives between commands, and not longer than
whoever it was started for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import LabError, background, linux, wait_for
from lab.cli import main
from lab.machine import Machine, difference

pytestmark = pytest.mark.lab


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "place"
    background.stop(tmp_path / "place")


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def record(place: Path) -> tuple[int, Path]:
    known = json.loads((place / background.RECORD).read_text())
    return known["pid"], Path(known["run_dir"])


def test_it_lives_between_commands_and_stop_ends_it(place: Path) -> None:
    before = Machine.now()
    assert main(["start", "--service", "nginx:licence", str(place)]) == 0
    pid, run_dir = record(place)
    processes = {child: linux.start_time(child) for child in linux.descendants(pid)}
    fetched = background.host(place, "workstation").sh("ls /; hostname")
    assert fetched.splitlines()[-1] == "workstation"
    assert background.host(place, "licence").listening(443)
    assert "licence" in json.loads((place / "inventory.yml").read_text())["all"]["hosts"]
    with pytest.raises(LabError, match="a lab runs already for"):
        background.start(place, background.Plan())
    assert main(["stop", str(place)]) == 0
    assert [child for child, start in processes.items() if linux.start_time(child) == start] == []
    assert not run_dir.exists()
    assert sorted(path.name for path in place.iterdir()) == ["lab.log"]
    assert difference(before, Machine.now()) == {}
    assert main(["stop", str(place)]) == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_owner(
    place: Path, owner: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    assert main(["start", "--boot", "server", "--owner", str(owner.pid), str(place)]) == 0
    pid, run_dir = record(place)
    started = linux.start_time(pid)
    time.sleep(1)
    assert linux.start_time(pid) == started
    owner.send_signal(number)
    owner.wait()
    wait_for(lambda: linux.start_time(pid) != started, 10, "the lab lives on")
    assert not run_dir.exists()


def test_a_host_that_loses_its_power_boots_again(place: Path) -> None:
    assert main(["start", "--boot", "server", "--suite", "trixie", str(place)]) == 0
    former = background.host(place, "server")
    former.sh("echo kept > /etc/kept; sync")
    assert main(["power-cut", str(place), "server"]) == 0
    server = background.host(place, "server")
    assert server.pid != former.pid
    assert server.read("/etc/kept") == "kept\n"
    assert str(server.pid) in (place / "inventory.yml").read_text()


def test_a_start_that_fails_says_why_and_leaves_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", "--service", "nonsense:licence", str(place)]) == 1
    assert "there is no service 'nonsense' (services: " in capsys.readouterr().err
    assert not (place / background.RECORD).exists()
    assert main(["start", "--boot", "nobody", str(place)]) == 1
    assert "the firm has no host nobody" in capsys.readouterr().err
    with pytest.raises(LabError, match="no lab runs for"):
        background.host(place, "server")


def test_ctrl_c_while_it_starts_leaves_no_lab(place: Path) -> None:
    """Nobody knows of it before it is up, so nobody else could end it."""
    command = [sys.executable, "-m", "lab", "start", "--boot", "server", str(place)]
    tests = str(Path(background.__file__).resolve().parents[1])
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": tests}) as process:
        wait_for(lambda: len(linux.descendants(process.pid)) > 3, 20, "no host was started")
        below = {pid: linux.start_time(pid) for pid in linux.descendants(process.pid)}
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    left = [pid for pid, start in below.items() if start and linux.start_time(pid) == start]
    assert left == []
    assert not (place / background.RECORD).exists()


def test_an_owner_that_has_ended_gets_no_lab(
    place: Path, owner: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    owner.kill()
    owner.wait()
    assert main(["start", "--owner", str(owner.pid), str(place)]) == 1
    assert f"no process {owner.pid} runs that could be the owner" in capsys.readouterr().err
    assert not place.exists()


def test_the_power_of_a_host_that_would_not_come_back_is_not_cut(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", str(place)]) == 0
    assert main(["power-cut", str(place), "server"]) == 1
    assert "host server does not boot, so it would not come back" in capsys.readouterr().err
    assert background.host(place, "server").alive()


def test_kill_9_of_the_lab_itself_is_told_from_a_living_one(place: Path) -> None:
    assert main(["start", str(place)]) == 0
    pid, run_dir = record(place)
    started = linux.start_time(pid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: linux.start_time(pid) != started, 5, "it lives on")
    wait_for(lambda: not run_dir.exists(), 5, "its keeper left the run dir")
    assert main(["stop", str(place)]) == 0
    assert main(["start", str(place)]) == 0
