# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that ends with everything it started, whether it is done, fails, or is told to stop.

"Everything it started" is meant literally: all processes below this one, whichever session they
have moved to. One whose parent has ended stays below us, since this process adopts it (prctl(2),
PR_SET_CHILD_SUBREAPER) in place of pid 1. So nothing has to be guessed from the machine's list of
processes, in which others come and go. Only kill -9 cannot be answered here: against that, the
lab's keeper and our commands of Ansible watch this process by themselves.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from . import linux

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Ansible passes a SIGTERM on to its workers before it ends, and a keeper waits up to 5 seconds for
# busy cgroups; what is still there then is killed.
_GRACE_SECONDS = 8.0


class Supervisor:
    """Makes this process the adoptive parent of all below it, and lets one signal stop the run."""

    def __init__(self) -> None:
        self.stopped_by: signal.Signals | None = None
        self._listening = True
        linux.adopt_orphans()
        for number in SIGNALS:
            signal.signal(number, self._stop)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        # Only once: a second Ctrl-C must not cut short the cleaning up after the first.
        if self._listening:
            self._listening = False
            self.stopped_by = signal.Signals(number)
            raise KeyboardInterrupt

    def finish(self) -> None:
        """Take no notice of signals any more: the run is over, and its end takes a moment only."""
        self._listening = False

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that a signal has stopped; 0 without a signal."""
        return 0 if self.stopped_by is None else 128 + self.stopped_by

    def end_all(self) -> list[str]:
        """End what still runs below this process; return a line for each: pid and command line.

        After a run that nobody stopped, the list has to be empty: what ends by itself gets the time
        for it.
        """
        if self.stopped_by is None:
            _wait(lambda: not _alive(), _GRACE_SECONDS)
        found = _alive()
        lines = [f"{pid} {_command_line(pid)}" for pid in found]
        _signal(found, signal.SIGTERM)
        _wait(lambda: not _alive(), _GRACE_SECONDS)
        # Again and again: what is killed may have started something just before.
        _wait(lambda: not _signal(_alive(), signal.SIGKILL), _GRACE_SECONDS)
        return lines


def _alive() -> list[int]:
    """Processes below this one, without those that have ended and only wait to be asked how."""
    below = linux.descendants(os.getpid())[1:]
    return [pid for pid in below if linux.start_time(pid) is not None]


def _command_line(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "(ended by itself)"
    return b" ".join(words).decode(errors="replace").strip()[:120]


def _signal(pids: list[int], number: signal.Signals) -> list[int]:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    return pids


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
