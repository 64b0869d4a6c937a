# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run leaves on the machine: nothing but build tools, and the comparison that shows it.

Up to three snapshots are compared: before set-up (it may install Debian packages), after set-up,
and at the end. Set-up may change /etc and services, and only by the packages that it installed;
these changes are listed. The run itself may change nothing.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from . import machine, rundir
from .errors import LabError
from .machine import Machine
from .supervisor import Supervisor

_TREE = Path(__file__).resolve().parents[2]
# Written by tools/bootstrap.py: each Debian package that it has installed, one on a line.
INSTALLED = _TREE / ".build" / "debian-packages.txt"
# What set-up may change by installing Debian packages, and only then.
_BY_PACKAGES = ("packages", "services", "etc")


class Footprint:
    """Made when a run begins; says at its end what is different."""

    def __init__(self, before_setup: Path | None = None) -> None:
        """`before_setup` is a file with a snapshot that was taken before set-up."""
        self._start = Machine.now()
        self._before = self._start if before_setup is None else _load(before_setup)

    def report(self, left_running: Sequence[str]) -> tuple[list[str], bool]:
        """Return lines for a person, and whether the machine is as it was.

        `left_running` are processes that a finished run has left (see Supervisor.end_all).
        """
        end = Machine.now()
        by_run = machine.difference(self._start, end)
        by_setup = machine.difference(self._before, self._start)
        explained: dict[str, list[str]] = {}
        if "packages" in by_setup:
            explained = {field: by_setup.pop(field, []) for field in _BY_PACKAGES}
        lines = ["This machine, before and after:"]
        for field in machine.TITLES:
            changes = by_setup.get(field, []) + by_run.get(field, [])
            lines += self._part(field, changes, bool(explained.get(field)))
        lines += _line("processes", "DIFFERENT" if left_running else "none of ours is left")
        lines += _indented(f"was still running: {process}" for process in left_running)
        lines += ["What stays on it:", *self._kept(end, explained)]
        return lines, not (by_run or by_setup or left_running)

    def _part(self, field: str, changes: Sequence[str], by_packages: bool) -> list[str]:
        title = machine.TITLES[field]
        if changes:
            return [*_line(title, "DIFFERENT"), *_indented(changes)]
        if getattr(self._start, field) is None:
            return _line(title, f"not compared: {machine.WHY_UNSEEN[field]}")
        if getattr(self._before, field) is None:
            return _line(title, f"the same since set-up (before it, {machine.WHY_UNSEEN[field]})")
        if by_packages:
            return _line(title, "the same, but for the build tools below")
        return _line(title, "the same")

    def _kept(self, end: Machine, explained: Mapping[str, Sequence[str]]) -> Iterator[str]:
        packages = INSTALLED.read_text().split() if INSTALLED.is_file() else []
        yield from _line("Debian packages", " ".join(packages) or "none")
        changes = [change for field in ("services", "etc") for change in explained.get(field, [])]
        if changes:
            names = dict.fromkeys(change.split()[1] for change in changes)
            yield from _line("", f"and with them: {' '.join(names)}")
        yield from _line("in this tree", ".venv and .build (make clean removes them)")
        root = "the lab's Debian root (python -m lab clean removes it)"
        yield from _line("in the user's cache", f"{rundir.cache_dir()}: {root}")
        pip = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pip"
        if pip.is_dir():
            yield from _line("", f"{pip}: downloads of pip (pip cache purge removes them)")
        loaded = sorted(set(end.modules or ()) - set(self._before.modules or ()))
        if loaded:
            yield from _line("until the next boot", f"kernel modules {' '.join(loaded)}")


def supervised(name: str, run: Callable[[], int], before_setup: Path | None = None) -> int:
    """Run something that must leave no trace, and show at its end, also after Ctrl-C, that it did.

    Returns the exit code: what `run` returned; 128 and the number of the signal that stopped it; or
    1 when the machine is not as it was.
    """
    supervisor = Supervisor()
    code, footprint, left_running = 1, None, []
    try:
        footprint = Footprint(before_setup)
        code = run()
        supervisor.finish()
    except LabError as error:
        print(f"{name}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        code = supervisor.exit_code
        print(f"\n{name}: stopped, cleaning up", file=sys.stderr, flush=True)
    finally:
        ended = supervisor.end_all()
        rundir.remove_stale()  # control groups outlive a lab whose keeper was killed
        left_running = [] if supervisor.stopped_by else ended
    if footprint is None:
        return code
    lines, same = footprint.report(left_running)
    print("\n" + "\n".join(lines), flush=True)
    if not same:
        print(
            f"\n{name}: this machine is not as it was; see DIFFERENT above. Nothing was put back.\n"
            "If another program did that meanwhile, run it again; if not, it is a mistake of ours.",
            file=sys.stderr,
        )
        return code or 1
    return code


def _load(path: Path) -> Machine:
    try:
        return Machine.load(path)
    except (OSError, ValueError, TypeError) as error:
        raise LabError(
            f"{path} is no snapshot of this machine ({error}): start again with `make demo`"
        ) from error


def _line(title: str, text: str) -> list[str]:
    first = f"  {title:<26} "
    return textwrap.wrap(
        text,
        width=110,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"      {line}" for line in lines]
