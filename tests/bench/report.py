# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table for people, and the JSON file that keeps every figure.

The file is one object:

`schema`: "legalops.timesensor/bench/1"; `time`: when the run began, UTC, ISO 8601;
`quick`: whether --quick was given; `load`: the load average of the last minute {`before`, `after`}.
`machine`: {`cpu`: model, `cores`, `memory_mib`, `kernel`, `architecture`}.
`versions`: program -> version as it says it, of those that took part: of the controller (`python`,
`ansible-core`) and of the lab's hosts (`host python`, `curl`, `nft`, ..).
`measurements`: by name {`seconds`: how long it took, `rows`: [row]}.

A row is {`what`, `unit`, `ours`, `theirs`, `rival`, `ratio`, `budget`, `met`, `rounds`}: `ours` and
`theirs` are medians, `theirs`, `rival` and `ratio` null without a rival; `ratio` is the median of
the rounds' ratios; `budget` is null or {`of`: "ratio" | "ours", `limit`}; `met` is true, false or
null; `rounds` are the raw figures, {`ours`: [..], `theirs`: [..]}, in the order they were taken.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ansible.release

from lab import Host, rundir

from .figures import RATIO, Row

SCHEMA = "legalops.timesensor/bench/1"
_HEAD = ("what", "ours", "theirs", "of", "ratio", "budget", "met")
_MET = {True: "yes", False: "NO", None: ""}
# Each says its version in the first number of its first line.
_PROGRAMS = {
    "host python": ("python3", "--version"),
    "curl": ("curl", "--version"),
    "wget": ("wget", "--version"),
    "lftp": ("lftp", "--version"),
    "vsftpd": ("dpkg-query", "--show", "vsftpd"),
    "nft": ("nft", "--version"),
    "iptables": ("iptables", "--version"),
    "firewalld": ("dpkg-query", "--show", "firewalld"),
    "ufw": ("ufw", "version"),
}
_VERSION = re.compile(r"\d+(?:\.\w+)+(?:[-+~]\S+)?")


def as_dict(row: Row) -> dict[str, Any]:
    """Return a row as it stands in the file."""
    budget = row.budget
    return {
        "what": row.what,
        "unit": row.unit,
        "ours": row.our_median,
        "theirs": row.their_median,
        "rival": row.rival or None,
        "ratio": row.ratio,
        "budget": None if budget is None else {"of": budget.of, "limit": budget.limit},
        "met": row.met,
        "rounds": {"ours": list(row.ours), "theirs": list(row.theirs)},
    }


def table(rows: Iterable[Row]) -> list[str]:
    """Return aligned lines, with a head."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    left = {0, 3, 5, 6}
    lines = []
    for line in cells:
        parts = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(parts).rstrip())
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _cells(row: Row) -> tuple[str, ...]:
    def figure(value: float | None) -> str:
        return "" if value is None else f"{value:.{row.decimals}f} {row.unit}"

    budget = ""
    if row.budget is not None:
        limit = f"{row.budget.limit:g}"
        budget = f"<= {limit}x" if row.budget.of == RATIO else f"<= {limit} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    ours, theirs = figure(row.our_median), figure(row.their_median)
    return (row.what, ours, theirs, row.rival, ratio, budget, _MET[row.met])


def machine() -> dict[str, Any]:
    """Return what this machine is."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": cpu[1].strip() if cpu else "unknown",
        "cores": os.cpu_count() or 0,
        "memory_mib": memory >> 20,
        "kernel": platform.release(),
        "architecture": platform.machine(),
    }


def versions(host: Host) -> dict[str, str]:
    """Return the versions of the controller's programs and of those in a host of the lab."""
    found = {"python": platform.python_version(), "ansible-core": ansible.release.__version__}
    for name, command in _PROGRAMS.items():
        said = _VERSION.search(host.run(command, check=True).stdout)
        found[name] = said[0] if said else "unknown"
    return found


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rundir.write_whole(path, document)


def summary(rows: Sequence[Row]) -> str:
    """Return one line that counts the budgets."""
    judged = [row for row in rows if row.met is not None]
    missed = [
        f"{row.what} against {row.rival}" if row.rival else row.what
        for row in judged
        if not row.met
    ]
    if not judged:
        return "no budget was measured"
    if not missed:
        return f"{len(judged)} of {len(judged)} budgets met"
    return f"{len(missed)} of {len(judged)} budgets NOT met: {'; '.join(missed)}"
