# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command and reading what it took."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.host import ENVIRONMENT, Host

from .figures import Usage


class MeasurementFailed(Exception):
    """A command that was to be measured failed: its figures would mean nothing."""


def run(
    command: Sequence[str],
    place: Path,
    *,
    env: Mapping[str, str],
    stdin: str = "",
) -> tuple[Usage, str]:
    """Run a command of the machine; return what it took, and its standard output.

    Its output goes through files in `place`, so that reading it costs us nothing meanwhile. The CPU
    time comes from wait4(2): it counts all descendants that were waited for by their parents, so no
    daemon.

    Raises `MeasurementFailed` when the command does not end with 0.
    """
    place.mkdir(parents=True, exist_ok=True)
    (place / "stdin").write_text(stdin)
    with (
        (place / "stdin").open() as given,
        (place / "stdout").open("w") as out,
        (place / "stderr").open("w") as err,
    ):
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=err, env=dict(env))
        try:
            _pid, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    output = (place / "stdout").read_text(errors="replace")
    if process.returncode != 0:
        told = (output + (place / "stderr").read_text(errors="replace")).strip()
        raise MeasurementFailed(
            f"{' '.join(command)[:300]} ended with {process.returncode}: {told[-3000:]}"
        )
    return Usage(wall, used.ru_utime + used.ru_stime, None), output


def run_in(host: Host, command: Sequence[str], place: Path, stdin: str = "") -> tuple[Usage, str]:
    """Run a command in a host of the lab, with its memory.

    The memory comes from GNU time beside the command: wait4's own figure would begin with the
    memory of this Python, which a child's peak inherits when it becomes another program.
    """
    note = "/run/bench-memory"
    argv = host.argv(["time", "--format=%M", f"--output={note}", "--", *command])
    used, output = run(argv, place, env=ENVIRONMENT, stdin=stdin)
    kibibytes = int(host.read(note).split()[-1])
    return dataclasses.replace(used, rss_mib=kibibytes / 1024), output


def cpu_of_daemons(host: Host) -> float:
    """Return the CPU seconds that the processes in a host have used so far, with their children
    that ended; the kernel counts them in hundredths."""
    ticks = 0
    for pid in host.processes():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        # utime, stime, cutime, cstime: fields 14 to 17 of proc_pid_stat(5).
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")
