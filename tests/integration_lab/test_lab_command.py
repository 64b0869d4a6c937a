# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m lab` as a person uses it, in one terminal and from another."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Root, linux, rundir, wait_for

pytestmark = pytest.mark.lab

TESTS = Path(__file__).resolve().parents[1]


def lab(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        env={**os.environ, "PYTHONPATH": str(TESTS), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def running() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", "up", "--fault", "drop_port:port=443"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(
            lambda: any(
                state["pid"] == process.pid and state["faults"] for state in rundir.running()
            ),
            20,
            "the lab is not up",
        )
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def test_up_list_exec_shell_and_ctrl_c(running: subprocess.Popen[str]) -> None:
    choice = f"--lab={running.pid}"
    shown = lab("list").stdout
    assert f"lab {running.pid}: firm, faults: drop_port" in shown
    assert "10.77.0.20 fd77::20" in shown

    done = lab("exec", choice, "server", "--", "sh", "-c", "hostname; exit 5")
    assert (done.returncode, done.stdout) == (5, "server\n")
    assert (
        "table inet lab_fault_tcp_443"
        in lab("exec", choice, "gateway", "nft", "list", "ruleset").stdout
    )

    shell = subprocess.run(
        [sys.executable, "-m", "lab", "shell", choice, "workstation"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        input="hostname\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "workstation\n" in shell.stdout
    assert "[lab] workstation:" in shell.stderr

    unknown = lab("exec", choice, "printer", "true")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("lab: there is no host 'printer'")

    running.send_signal(signal.SIGINT)
    output, _unused = running.communicate(timeout=10)
    assert running.returncode == 0
    assert "update.vendor.test" in output
    assert "lab: fault drop_port: The gateway's firewall drops one port" in output
    assert output.endswith("lab: gone\n")
    assert f"lab {running.pid}:" not in lab("list").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_end_it(running: subprocess.Popen[str], number: signal.Signals) -> None:
    running.send_signal(number)
    output, _unused = running.communicate(timeout=10)
    assert running.returncode == 0
    assert output.endswith("lab: gone\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["exec", "--lab", "1", "server", "true"], "lab: no lab is running: start one with"),
        (["up", "--fault", "flood"], "lab: there is no fault 'flood' (faults: drop_port"),
        (["up", "--fault", "drop_port:21"], "lab: --fault drop_port:21: '21' is not OPTION=VALUE"),
    ],
)
def test_mistakes_are_answered_in_one_line(arguments: list[str], error: str) -> None:
    done = lab(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(error)
    assert done.stderr.count("\n") == 1


def test_it_says_that_it_needs_root() -> None:
    done = subprocess.run(
        ["unshare", "--user", sys.executable, "-m", "lab", "up"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "lab: the lab needs root, to make namespaces: run it with sudo\n"


def test_it_says_that_it_needs_debootstrap(tmp_path: Path) -> None:
    done = lab("build", TIMESENSOR_LAB_CACHE=str(tmp_path), PATH="/nowhere")
    assert done.returncode == 1
    assert "debootstrap, which is not installed: apt-get install debootstrap" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_cannot_be_built_leaves_nothing_half(tmp_path: Path) -> None:
    """The recipe fails in its first program; the next run would start afresh."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "debootstrap").write_text(
        '#!/bin/sh\nmkdir -p "$ROOT/usr"; echo E: no network; exit 1\n'
    )
    (programs / "debootstrap").chmod(0o755)
    cache = tmp_path / "cache"
    half = cache / "root-bookworm-0123.building"
    half.mkdir(parents=True)
    path = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"
    done = lab("build", TIMESENSOR_LAB_CACHE=str(cache), PATH=path)
    assert done.returncode == 1
    assert "lab: the Debian root could not be built; nothing was kept" in done.stderr
    assert "E: no network" in done.stderr
    assert sorted(path.name for path in cache.iterdir()) == ["build.log", "lock"]


def test_kill_9_while_the_root_is_built_leaves_only_what_the_next_run_removes(
    tmp_path: Path,
) -> None:
    programs, cache = tmp_path / "bin", tmp_path / "cache"
    programs.mkdir()
    program = programs / "debootstrap"
    program.write_text(
        '#!/bin/sh\nmkdir -p "$ROOT/proc"; mount -t proc proc "$ROOT/proc"\n'
        f"touch {tmp_path}/here\nsleep 987\n"
    )
    program.chmod(0o755)
    environment = {"TIMESENSOR_LAB_CACHE": str(cache), "PYTHONPATH": str(TESTS)}
    environment["PATH"] = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"
    mounts = Path("/proc/mounts").read_text()
    builder = subprocess.Popen(
        [sys.executable, "-m", "lab", "build"], env=environment, stderr=subprocess.DEVNULL
    )
    wait_for((tmp_path / "here").exists, 20, "the build has not begun")
    processes = linux.descendants(builder.pid)
    starts = {pid: linux.start_time(pid) for pid in processes}
    assert len(processes) >= 3
    builder.kill()
    builder.wait()
    wait_for(
        lambda: all(linux.start_time(pid) != start for pid, start in starts.items()),
        5,
        "the build goes on",
    )
    assert Path("/proc/mounts").read_text() == mounts
    assert list(cache.glob("*.building"))
    program.write_text("#!/bin/sh\nexit 1\n")
    assert lab("build", **environment).returncode == 1
    assert sorted(path.name for path in cache.iterdir()) == ["build.log", "lock"]


def test_clean_removes_roots_of_its_own_cache_only(tmp_path: Path) -> None:
    (tmp_path / "root-bookworm-0123/etc").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    done = lab("clean", TIMESENSOR_LAB_CACHE=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    assert Root().directory().exists()
    assert shutil.which("debootstrap")
