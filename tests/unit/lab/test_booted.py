# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path

import pytest

from lab import Root, booted
from lab.root import BOOTED_ROOTS, BootedRoot


@pytest.mark.parametrize(
    ("status", "comes_back"),
    [
        (signal.SIGHUP, True),  # systemctl reboot
        (signal.SIGKILL, True),  # a power cut
        (signal.SIGINT, False),  # systemctl poweroff
        (0, True),
    ],
)
def test_only_a_host_that_was_switched_off_stays_down(status: int, comes_back: bool) -> None:
    assert booted.wants_to_come_back(int(status)) is comes_back


def test_connections_are_used_again_unless_the_socket_has_too_long_a_path() -> None:
    arguments = booted.ansible_arguments(Path("/run/lab-1-2-0"), "server")
    assert arguments.startswith("-F /run/lab-1-2-0/ssh/config -o ControlMaster=auto ")
    assert arguments.endswith(" -o ControlPath=/run/lab-1-2-0/ssh/server.sock")
    # 107 bytes are what a path may have; ssh adds 17 to it for a moment.
    longest = Path("/" + "x" * (107 - 17 - len("//ssh/server.sock")))
    assert "ControlPath" in booted.ansible_arguments(longest, "server")
    too_long = longest.with_name(longest.name + "x")
    assert booted.ansible_arguments(too_long, "server") == f"-F {too_long}/ssh/config"


def test_the_way_in_may_lie_below_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ssh expands percent signs in its command, and gives it to a shell."""
    run_dir = tmp_path / "a run, 100%"
    run_dir.mkdir()
    monkeypatch.setattr(sys, "executable", "/my tree/bin/python")
    booted.make_keys(run_dir, [])
    config = (run_dir / "ssh" / "config").read_text()
    line = next(line for line in config.splitlines() if "ProxyCommand" in line)
    words = shlex.split(line.replace("%%", "%"))
    assert words[1:4] == ["/my tree/bin/python", "-I", "-S"]
    assert words[5] == str(run_dir)


def test_each_suite_and_package_in_the_archive_is_another_root() -> None:
    roots = [Root(), *BOOTED_ROOTS.values(), BootedRoot(archived=("vsftpd", "chrony"))]
    assert len({root.key for root in roots}) == 4
    assert "ARCHIVED='vsftpd chrony'" in roots[-1].recipe
