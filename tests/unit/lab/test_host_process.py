# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from lab.host import HostProcess


class ItsCommandHasEnded(HostProcess):
    """A process whose command was found a moment ago and is gone when the signal is sent."""

    inner_pid: int | None = None


@pytest.fixture
def process() -> Iterator[HostProcess]:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    made = ItsCommandHasEnded([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    made.inner_pid = gone.pid
    yield made
    if made.poll() is None:
        made.communicate(b"\n")


def test_a_signal_to_a_command_that_has_just_ended_is_no_error(process: HostProcess) -> None:
    process.terminate()
    process.communicate(b"\n")
    assert process.returncode == 0  # nobody else got it
