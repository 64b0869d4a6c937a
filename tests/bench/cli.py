# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of `python -m bench`."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lab import LabError

from . import apply_loss, ftp_download, growth, policy_apply, probe, report
from .figures import Row
from .hosts import BUILD, Effort, running
from .process import MeasurementFailed

MEASUREMENTS: dict[str, Callable[[Effort], list[Row]]] = {
    "ftp": ftp_download.measure,
    "policy": policy_apply.measure,
    "probe": probe.measure,
    "loss": apply_loss.measure,
    "growth": growth.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table and write the file; return the exit code.

    1 when a measurement could not be made, or with --strict when a budget is not met.
    """
    chosen = _parser().parse_args(arguments)
    effort = Effort(
        rounds=3 if chosen.quick else 7,
        long_rounds=1 if chosen.quick else 3,
        quick=chosen.quick,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    try:
        rows = _measure(chosen.names or list(MEASUREMENTS), effort, chosen.output)
    except (LabError, MeasurementFailed) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbench: stopped; nothing was kept", file=sys.stderr)
        return 130
    missed = any(row.met is False for row in rows)
    return 1 if missed and chosen.strict else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of: {', '.join(MEASUREMENTS)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, smaller ends")
    parser.add_argument("--strict", action="store_true", help="fail when a budget is not met")
    parser.add_argument("--output", type=Path, help="the JSON file (default: .build/bench/TIME)")
    return parser


def _measure(names: Sequence[str], effort: Effort, output: Path | None) -> list[Row]:
    unknown = sorted(set(names) - set(MEASUREMENTS))
    if unknown:
        known = ", ".join(MEASUREMENTS)
        raise MeasurementFailed(f"there is no {', '.join(unknown)} to measure; there are {known}")
    began = datetime.datetime.now(datetime.UTC)
    with running(effort, "host") as lab:
        versions = report.versions(lab["host"])
    before = report.load()
    taken: dict[str, list[Row]] = {}
    seconds: dict[str, float] = {}
    for name in names:
        started = time.monotonic()
        taken[name] = MEASUREMENTS[name](effort)
        seconds[name] = round(time.monotonic() - started, 1)
    machine = report.machine()
    document = {
        "schema": report.SCHEMA,
        "time": began.isoformat(timespec="seconds"),
        "quick": effort.quick,
        "load": {"before": before, "after": report.load()},
        "machine": machine,
        "versions": versions,
        "measurements": {
            name: {"seconds": seconds[name], "rows": [report.as_dict(row) for row in rows]}
            for name, rows in taken.items()
        },
    }
    path = output or BUILD / "bench" / f"{began:%Y-%m-%dT%H-%M-%SZ}.json"
    report.save(path, document)
    rows = [row for name in names for row in taken[name]]
    print("\n".join(report.table(rows)))
    print(
        f"\n{report.summary(rows)}\n{machine['cpu']}, {machine['cores']} cores, kernel"
        f" {machine['kernel']}; load average {before:.1f} before; all figures: {path}"
    )
    return rows
