# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role update_server on a host of the internet side, and a client that downloads from it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, firm

SIZE = 3 << 20
VARIABLES = {"update_server_size": SIZE, "update_server_seed": "role"}
PACKAGE = "/srv/legalops_timesensor_ftp/timesensor-test-package.bin"


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with Lab(firm()) as lab:
        yield lab


def run(lab: Lab, place: Path, verb: str, **more: Any) -> subprocess.CompletedProcess[str]:
    includes = [{"name": "legalops.timesensor.update_server", "tasks_from": verb}]
    return lab.play(place, "update", includes, {**VARIABLES, **more})


def files(lab: Lab) -> str:
    """All files of the host that the role could leave, and the servers that run on it."""
    return lab["update"].sh(
        "find /etc /srv /run /var/lib -xdev | sort; ps -C vsftpd -o args || true"
    )


def test_it_serves_what_the_seed_says_and_leaves_nothing(running: Lab, tmp_path: Path) -> None:
    before = files(running)
    for changed in (True, False):
        done = run(running, tmp_path, "main")
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("changed=0" not in done.stdout) == changed
    fetched = running["outsider"].sh(
        f"curl -s ftp://update.vendor.test/{Path(PACKAGE).name} | wc -c"
    )
    assert int(fetched) == SIZE

    inode = running["update"].sh(f"stat -c %i {PACKAGE}")
    done = run(running, tmp_path, "main", update_server_seed="another")
    assert done.returncode == 0, done.stdout + done.stderr
    assert running["update"].sh(f"stat -c %i {PACKAGE}") != inode

    done = run(running, tmp_path, "remove")
    assert done.returncode == 0, done.stdout + done.stderr
    assert files(running) == before
    done = run(running, tmp_path, "remove")
    assert "changed=0" in done.stdout, done.stdout + done.stderr


def test_a_port_that_another_program_has_is_told(running: Lab, tmp_path: Path) -> None:
    service = running.services.start_vsftpd("update")
    before = files(running)
    try:
        done = run(running, tmp_path, "main")
        assert done.returncode == 2
        assert "Port 21 cannot be used: in_use, vsftpd, process" in done.stdout
        assert files(running) == before
    finally:
        service.stop()


def test_a_package_that_does_not_come_down_fails_verify(running: Lab, tmp_path: Path) -> None:
    assert run(running, tmp_path, "apply").returncode == 0
    running["update"].sh(f"printf X | dd of={PACKAGE} bs=1 seek=5000 conv=notrunc status=none")
    done = run(running, tmp_path, "verify")
    assert done.returncode == 2
    assert "corrupted" in done.stdout
    assert run(running, tmp_path, "remove").returncode == 0


def applied(lab: Lab, place: Path, **more: Any) -> None:
    done = run(lab, place, "apply", **more)
    assert done.returncode == 0, done.stdout + done.stderr


def test_remove_knows_what_earlier_variables_have_made(running: Lab, tmp_path: Path) -> None:
    """Another directory, another name, a directory of somebody else's, and none of it at the
    end."""
    host = running["update"]
    host.sh("mkdir -p /srv/theirs")
    before = files(running)
    applied(running, tmp_path, update_server_directory="/srv/one")
    applied(running, tmp_path, update_server_directory="/srv/two")
    assert {"one", "two"} & set(host.sh("ls /srv").split()) == {"two"}
    applied(running, tmp_path, update_server_directory="/srv/two", update_server_file="other.bin")
    assert host.sh("ls /srv/two").split() == ["other.bin"]
    applied(running, tmp_path, update_server_directory="/srv/theirs")
    assert host.sh("ls /srv/theirs").split() == [Path(PACKAGE).name]
    done = run(running, tmp_path, "remove")
    assert done.returncode == 0, done.stdout + done.stderr
    assert files(running) == before
    host.sh("rmdir /srv/theirs")


def test_a_file_of_somebody_else_is_left_alone(running: Lab, tmp_path: Path) -> None:
    host = running["update"]
    host.sh("mkdir -p /srv/theirs; echo precious >/srv/theirs/package.bin")
    before = files(running)
    theirs = {"update_server_directory": "/srv/theirs", "update_server_file": "package.bin"}
    done = run(running, tmp_path, "apply", **theirs)
    assert done.returncode == 2
    assert "/srv/theirs/package.bin is there and was not written by this role" in done.stdout
    assert run(running, tmp_path, "remove", **theirs).returncode == 0
    assert files(running) == before
    assert host.sh("cat /srv/theirs/package.bin") == "precious\n"
    host.sh("rm -r /srv/theirs")


def test_a_process_that_has_the_number_of_an_ended_server_lives_on(
    running: Lab, tmp_path: Path
) -> None:
    """As in a container that was stopped and started: /run is kept, and numbers begin anew."""
    host = running["update"]
    pid_file = "/run/legalops_timesensor_update_server.pid"
    before = files(running)
    applied(running, tmp_path)
    host.sh(f"start-stop-daemon --stop --retry 5 --pidfile {pid_file}")
    host.sh(f"setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $! >{pid_file}")
    stranger = host.sh(f"cat {pid_file}").strip()
    try:
        assert run(running, tmp_path, "remove").returncode == 0
        assert host.sh(f"ps -o comm= -p {stranger}").strip() == "sleep"
    finally:
        host.sh(f"kill {stranger} || true")
    assert files(running) == before


def test_another_port_that_is_taken_is_told_also_while_the_server_runs(
    running: Lab, tmp_path: Path
) -> None:
    host = running["update"]
    applied(running, tmp_path)
    host.sh(
        "setsid python3 -m http.server 2121 >/dev/null 2>&1 </dev/null & echo $! >/run/other.pid"
    )
    try:
        host.sh("for i in 1 2 3 4 5 6 7 8 9; do ss -ltn | grep -q :2121 && break; sleep 0.3; done")
        done = run(running, tmp_path, "apply", update_server_port=2121)
        assert done.returncode == 2
        assert "Port 2121 cannot be used: in_use" in done.stdout
        assert "listen_port=21\n" in host.sh(
            "cat /etc/legalops_timesensor_update_server/vsftpd.conf"
        )
    finally:
        host.sh("kill $(cat /run/other.pid); rm /run/other.pid")
    assert run(running, tmp_path, "remove").returncode == 0
