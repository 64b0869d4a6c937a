# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import signal
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
    assert "'ControlPath=/run/lab-1-2-0/ssh/%n'" in arguments
    # 107 bytes are what a path may have; ssh adds 17 to it for a moment.
    longest = Path("/" + "x" * (107 - 17 - len("//ssh/server") - 1))
    assert "ControlPath" in booted.ansible_arguments(longest, "server")
    too_long = longest.with_name(longest.name + "x")
    assert booted.ansible_arguments(too_long, "server") == f"-F {too_long}/ssh/config"


def test_each_suite_and_package_in_the_archive_is_another_root() -> None:
    roots = [Root(), *BOOTED_ROOTS.values(), BootedRoot(archived=("vsftpd", "chrony"))]
    assert len({root.key for root in roots}) == 4
    assert "ARCHIVED='vsftpd chrony'" in roots[-1].recipe
