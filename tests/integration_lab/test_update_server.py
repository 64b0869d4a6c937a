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
