# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps at the same time, in lanes: most of them use one core only, or wait for the package index.

A line of output comes when it is written, behind the name of its lane. C(side_by_side.py "make
sanity" "make units") runs each argument as a lane that is named like its last word.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import quiet

# A lab has to end its hosts.
_PATIENCE = 20.0


class Lanes:
    """Runs the commands of a lane one after the other, and all lanes at the same time."""

    def __init__(self, lanes: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._lanes = lanes
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def run(self) -> int:
        """Run everything, also what comes after a failure; return the first bad exit code.

        Ctrl-C, SIGTERM and SIGHUP end all of it.
        """
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup(1)
                signal.signal(number, signal.default_int_handler)
        worst = 0
        with ThreadPoolExecutor(len(self._lanes)) as pool:
            try:
                ending = [pool.submit(self._run_lane, name) for name in self._lanes]
                for lane in as_completed(ending):
                    worst = worst or lane.result()
            except BaseException:
                self._stop()
                raise
        return worst

    def _run_lane(self, name: str) -> int:
        worst = 0
        for command in self._lanes[name]:
            code = self._run_command(name, command)
            worst = worst or code
        return worst

    def _run_command(self, name: str, command: Sequence[str]) -> int:
        with self._lock:
            if self._stopped:
                return 1
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        with process:
            for line in process.stdout or ():
                self._say(f"{name} | {line}")
        with self._lock:
            self._running.discard(process)
        return process.returncode

    def _say(self, text: str) -> None:
        with self._lock:
            sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
            sys.stdout.flush()

    def _stop(self) -> None:
        """End what runs, with all below it, and begin nothing new. What does not obey is killed."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        _signal_groups(running, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while any(process.poll() is None for process in running) and time.monotonic() < deadline:
            time.sleep(0.1)
        _signal_groups(running, signal.SIGKILL)


def _signal_groups(processes: Sequence[subprocess.Popen[str]], number: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def main(arguments: list[str]) -> int:
    """Run each argument as a lane."""
    commands = [shlex.split(argument) for argument in arguments]
    names = [command[-1] for command in commands]
    if len(set(names)) < len(names):
        raise quiet.ToolError(f"two lanes have one name: {', '.join(names)}; nothing was run")
    try:
        return Lanes({name: [command] for name, command in zip(names, commands, strict=True)}).run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    quiet.leave_with(main)
