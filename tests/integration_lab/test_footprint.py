# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that leaves something on its machine says so and fails, whatever it is that it leaves.

Each machine is a set of namespaces with an /etc of its own, which the run may really spoil.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab import ansible, linux, wait_for
from lab.machine import Machine

pytestmark = pytest.mark.lab

TESTS = Path(__file__).resolve().parents[1]
# Private rules, interfaces and name; /run and /etc are written to memory.
PRIVATE = r"""
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs "$0"
mkdir "$0/upper" "$0/work" /run/netns
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work" /etc
exec "$@"
"""
RUN = """
import subprocess, sys
from pathlib import Path
from lab.footprint import supervised
def run():
    return subprocess.run(["sh", "-euc", sys.argv[1]]).returncode
sys.exit(supervised("trial", run, Path(sys.argv[2]) if sys.argv[2:] else None))
"""


def supervised(
    place: Path, script: str, before: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Do a shell script as a supervised run, on a machine of its own."""
    return subprocess.run(
        [
            *("unshare", "--net", "--mount", "--uts", "--propagation", "private", "--"),
            *("sh", "-euc", PRIVATE, str(place), sys.executable, "-c", RUN, script),
            *([] if before is None else [str(before)]),
        ],
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("part", "script", "line"),
    [
        ("nft ruleset", "nft add table inet trial", "+ table inet trial {"),
        ("interfaces", "ip link add trial type bridge", "+ trial bridge"),
        ("addresses", "ip addr add 192.0.2.99/32 dev lo", "+ lo 192.0.2.99/32 global"),
        ("routes", "ip route add blackhole 198.51.100.0/24", "+ blackhole 198.51.100.0/24"),
        ("named network namespaces", ": > /run/netns/trial", "+ trial"),
        ("mounts", "mount -t tmpfs trial /mnt", "+ /mnt tmpfs trial / rw"),
        ("kernel settings", "echo 1 > /proc/sys/net/ipv4/ip_forward", "+ net/ipv4/ip_forward = 1"),
        ("kernel settings", "hostname trial", "+ kernel/hostname = trial"),
        ("/etc", "echo x > /etc/trial", "+ /etc/trial -rw-r--r-- 0:0 "),
        ("/etc", "rm /etc/hostname", "- /etc/hostname "),
        ("/etc", "echo x >> /etc/issue", "+ /etc/issue -rw-r--r-- 0:0 "),
        ("/etc", "chmod 600 /etc/issue", "+ /etc/issue -rw------- 0:0 "),
        ("/etc", "ln -s trial /etc/trial", "+ /etc/trial lrwxrwxrwx 0:0 -> trial"),
    ],
)
def test_what_a_run_leaves_is_named_and_fails_it(
    tmp_path: Path, part: str, script: str, line: str
) -> None:
    done = supervised(tmp_path, script)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(
        rf"(?m)^  {part} +DIFFERENT\n(      [-+] .*\n)*      {re.escape(line)}", done.stdout
    )
    # The kernel adds a route to each address.
    assert set(re.findall(r"(?m)^  (\S.*?) +DIFFERENT$", done.stdout)) <= {part, "routes"}
    assert "trial: this machine is not as it was" in done.stderr


def test_a_run_that_leaves_nothing_passes(tmp_path: Path) -> None:
    script = "ip link add trial type bridge; ip link del trial; echo > /etc/x; rm /etc/x; sleep 1 &"
    done = supervised(tmp_path, script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DIFFERENT" not in done.stdout
    assert done.stderr == ""


def test_a_failed_run_keeps_its_exit_code(tmp_path: Path) -> None:
    done = supervised(tmp_path, "nft add table inet trial; exit 5")
    assert done.returncode == 5
    assert "+ table inet trial {" in done.stdout


def test_a_process_that_hides_is_found_and_ended(tmp_path: Path) -> None:
    """It has left its parents and its session, and does not listen."""
    script = "(setsid sh -c 'trap \"\" TERM INT; sleep 97; sleep 97' &)"
    done = supervised(tmp_path, script)
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.search(
        r"processes +DIFFERENT\n      was still running: (\d+) sh -c trap", done.stdout
    )
    assert found, done.stdout
    assert linux.start_time(int(found[1])) is None


def test_packages_of_set_up_explain_what_they_brought(tmp_path: Path) -> None:
    """They may change /etc and services; nothing else may change."""
    folder, before = tmp_path / "place", tmp_path / "before.json"
    folder.mkdir()
    snapshot = TESTS / "lab" / "machine.py"
    assert supervised(folder, f"{sys.executable} -I {snapshot} {before}").returncode == 0
    now = Machine.load(before)
    assert now.etc is not None
    assert now.packages is not None
    # As on a fresh machine: no ip, no nft, and less in /etc.
    etc = tuple(line for line in now.etc if not line.startswith("/etc/issue "))
    unseen = dict.fromkeys(("rules", "links", "addresses", "routes"))
    inside = dataclasses.replace(now, **unseen, etc=etc)

    inside.save(before)
    done = supervised(folder, "true", before)
    assert done.returncode == 1
    assert "  /etc                       DIFFERENT\n      + /etc/issue " in done.stdout

    dataclasses.replace(inside, packages=now.packages[1:]).save(before)
    done = supervised(folder, "true", before)
    assert done.returncode == 0, done.stdout
    assert "  /etc                       the same, but for the build tools below\n" in done.stdout
    assert "and with them: /etc/issue\n" in done.stdout
    assert "the same since set-up (before it, there was no nft)" in done.stdout

    dataclasses.replace(inside, packages=now.packages[1:], sysctls=()).save(before)
    assert supervised(folder, "true", before).returncode == 1


def test_a_snapshot_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_text("{}")
    done = supervised(tmp_path, "true", before)
    assert done.returncode == 1
    assert re.match(r"trial: \S+ is no snapshot of this machine .*: start again", done.stderr)


def test_ansible_ends_with_a_caller_that_is_killed(tmp_path: Path) -> None:
    arguments = ("localhost", "-c", "local", "-m", "ansible.builtin.command", "-a", "sleep 96")
    script = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    caller = subprocess.Popen(
        [sys.executable, "-c", script, *ansible.command("ansible"), *arguments],
        env=ansible.environment(tmp_path),
        stdout=subprocess.DEVNULL,
    )

    def asleep() -> bool:
        for pid in linux.descendants(caller.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{pid}/comm").read_text() == "sleep\n":
                    return True
        return False

    wait_for(asleep, 30, "Ansible did not start the command")
    processes = {pid: linux.start_time(pid) for pid in linux.descendants(caller.pid)}
    caller.kill()
    caller.wait()
    wait_for(
        lambda: all(linux.start_time(pid) != start for pid, start in processes.items()),
        10,
        "Ansible goes on",
    )
