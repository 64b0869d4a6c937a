# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps things: cached roots, and one run dir per living lab.

Everything is below one directory, $TIMESENSOR_LAB_CACHE or ~/.cache/legalops-timesensor. A run dir
is named after the process that owns it (pid and start time), so that a dead owner can be told from
a living one, whatever happened.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import cgroups, linux

STATE = "state.json"


def cache_dir() -> Path:
    """The lab's directory on this machine (not created here)."""
    chosen = os.environ.get("TIMESENSOR_LAB_CACHE")
    if chosen:
        return Path(chosen).absolute()
    return Path.home() / ".cache" / "legalops-timesensor"


def runs_dir() -> Path:
    """Parent of all run dirs."""
    return cache_dir() / "run"


def alive(run_dir: Path) -> bool:
    """Whether the process that made the run dir still runs."""
    pid, _unused, start = run_dir.name.partition("-")[2].rpartition("-")[0].partition("-")
    return pid.isdigit() and linux.start_time(int(pid)) == start


def remove_stale() -> list[Path]:
    """Remove what labs left that were killed together with their keeper.

    Returns what was removed. What has a cgroup that stays busy is left for the next time.
    """
    removed = []
    for path in runs_dir().glob("lab-*"):
        if alive(path):
            continue
        with contextlib.suppress(OSError):
            cgroups.remove_stale(path)
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def create() -> Path:
    """A fresh run dir for this process; one process may run several labs."""
    runs_dir().mkdir(parents=True, exist_ok=True)
    runs_dir().chmod(0o700)
    start = linux.start_time(os.getpid())
    number = 0
    while True:
        path = runs_dir() / f"lab-{os.getpid()}-{start}-{number}"
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
            continue
        (path / "mnt").mkdir()
        (path / "disk").mkdir()
        return path


def write_whole(path: Path, data: Mapping[str, Any] | str) -> None:
    """Write text, or `data` as JSON; a reader sees the whole of it, or the former file."""
    part = path.with_name(path.name + ".part")
    part.write_text(data if isinstance(data, str) else json.dumps(data, indent=1) + "\n")
    part.replace(path)


def save_state(run_dir: Path, state: dict[str, Any]) -> None:
    """Tell other processes about this lab."""
    write_whole(run_dir / STATE, state)


def running() -> list[dict[str, Any]]:
    """States of all labs that run now, oldest first."""
    found = []
    for path in runs_dir().glob("lab-*"):
        # One that ends while we look is not running, and one that has just begun not yet.
        with contextlib.suppress(FileNotFoundError):
            if alive(path):
                found.append((path.stat().st_mtime, (path / STATE).read_text()))
    return [json.loads(state) for _began, state in sorted(found)]
