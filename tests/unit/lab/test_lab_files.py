# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept on disk, by whom, and until when."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lab import CAPTURE_ROOTS, LabError, Root, cli, faults, linux, rundir


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIMESENSOR_LAB_CACHE", str(tmp_path))
    return tmp_path


def test_a_run_dir_lives_as_long_as_its_process() -> None:
    first, second = rundir.create(), rundir.create()
    assert first != second
    assert rundir.alive(first)
    assert rundir.remove_stale() == []
    assert first.exists()


def test_a_run_dir_of_a_dead_process_is_removed() -> None:
    child = subprocess.Popen(["sleep", "60"])
    start = linux.start_time(child.pid)
    path = rundir.runs_dir() / f"lab-{child.pid}-{start}-0"
    (path / "disk").mkdir(parents=True)
    assert rundir.remove_stale() == []
    child.kill()
    # A zombie holds its pid and is dead all the same.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert rundir.remove_stale() == [path]
    assert not path.exists()
    child.wait()


def test_a_pid_that_was_used_again_is_another_process() -> None:
    start = int(linux.start_time(os.getpid()) or 0)
    path = rundir.runs_dir() / f"lab-{os.getpid()}-{start - 1}-0"
    path.mkdir(parents=True)
    assert rundir.remove_stale() == [path]


def test_states_of_running_labs() -> None:
    assert rundir.running() == []
    path = rundir.create()
    assert rundir.running() == []
    rundir.save_state(path, {"pid": 1})
    assert rundir.running() == [{"pid": 1}]


def test_the_default_place_is_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMESENSOR_LAB_CACHE")
    monkeypatch.setenv("HOME", "/home/someone")
    assert rundir.cache_dir() == Path("/home/someone/.cache/legalops-timesensor")


def test_a_roots_name_tells_what_is_in_it(cache: Path) -> None:
    names = {
        Root().directory(),
        Root(packages=("python3",)).directory(),
        Root(suite="trixie").directory(),
        Root(quic=False).directory(),
        *(root.directory() for root in CAPTURE_ROOTS.values()),
    }
    assert len(names) == 6
    assert Root().directory() == Root().directory()
    assert Root().directory().parent == cache
    assert Root().directory().name.startswith("root-bookworm-")


def test_a_root_that_is_there_is_not_built_again() -> None:
    Root().directory().mkdir()
    said: list[str] = []
    assert Root().path(said.append) == Root().directory()
    assert said == []


def test_faults_on_the_command_line() -> None:
    parse = cli._fault_option
    assert parse("ftp_helper_missing") == ("ftp_helper_missing", {})
    assert parse("drop_port:port=21,protocol=udp") == (
        "drop_port",
        {"port": 21, "protocol": "udp"},
    )
    with pytest.raises(LabError, match="'port' is not OPTION=VALUE"):
        parse("drop_port:port")


def test_every_fault_says_what_it_breaks() -> None:
    assert {"drop_port", "ftp_helper_missing"} <= set(faults.names())
    for name in faults.names():
        assert faults.describe(name).endswith(".")


def test_descendants_are_found_parents_first() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo; wait"], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        found = linux.descendants(shell.pid)
        assert found[0] == shell.pid
        assert len(found) == 2
        for pid in reversed(found):
            os.kill(pid, 9)
    assert linux.descendants(shell.pid) == []
