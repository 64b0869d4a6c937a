# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of a run of the gate: each step, its time, its tests, and how it ended.

Reads what tools/step wrote: C(.build/results/steps.tsv) (name, start, end, exit code) and, for a
step that runs tests, C(.build/results/NAME.xml) in JUnit format. A step without such a file counts
as one test. The last line counts everything.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import tree


@dataclass(frozen=True)
class Count:
    """How many tests passed, failed (errors are failures) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_tests(report: Path) -> Count:
    """Count the tests in one JUnit file. xfail counts as skipped, as in the file itself."""
    total = Count()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        total += Count(tests - failed - skipped, failed, skipped)
    return total


def count_step(name: str, code: int) -> Count:
    """Count a step; one that failed has at least one failure, whatever its file says."""
    report = tree.RESULTS / f"{name}.xml"
    if not report.is_file():
        return Count(failed=1) if code else Count(passed=1)
    count = count_tests(report)
    if code and not count.failed:
        count += Count(failed=1)
    return count


def main() -> int:
    """Print the table and the closing line. Returns 1 when a step failed or no step ran."""
    steps = tree.RESULTS / "steps.tsv"
    total, first, last = Count(), float("inf"), 0.0
    print(f"\n{'step':<20}{'seconds':>9}  result")
    for line in steps.read_text(encoding="utf-8").splitlines() if steps.is_file() else []:
        name, start, end, code = line.split("\t")
        count = count_step(name, int(code))
        taken = float(end) - float(start)
        print(f"{name:<20}{taken:>9.1f}  {'FAILED' if int(code) else 'ok'}: {count}")
        total += count
        # Not the sum: some steps run at the same time.
        first, last = min(first, float(start)), max(last, float(end))
    print(f"{'all':<20}{max(last - first, 0.0):>9.1f}\n")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
