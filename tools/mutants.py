# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make mutants): break each promise on purpose and show which test notices.

Each C(tests/mutants/*.patch) is applied to a copy of this tree, and the fast suite runs there:
first the tests that the patch names, then all unit tests. tests/mutants/README.md tells the format.
It is an error when a patch does not apply, when nothing catches it, when it is only caught because
the code no longer starts, when there are fewer than MINIMUM, or when the suite fails without any.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import quiet
import tree

MINIMUM = 20
WORKERS = 2
TIME_LIMIT = 900  # seconds for one run of a suite; then it hangs, and nobody has seen a test fail
PATCHES = tree.ROOT / "tests" / "mutants"
SCRATCH = tree.BUILD / "mutants"
FAST_SUITE = ("tests/unit",)

_running: set[int] = set()  # process groups to end when we are interrupted


@dataclass(frozen=True)
class Mutant:
    """One patch: the `promise` it breaks, the pytest arguments of the `tests` meant to notice."""

    patch: Path
    promise: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: `caught_by` a test, or an `error`; never both."""

    mutant: Mutant
    caught_by: str = ""
    error: str = ""


@dataclass(frozen=True)
class SuiteRun:
    """One run of pytest: exit code, names of failed tests, and the end of its output."""

    code: int
    failed: tuple[str, ...]
    output: str


def read(patch: Path) -> Mutant:
    """Parse the lines before the diff: C(promise: TEXT) and C(tests: ARGUMENTS), both needed."""
    head: dict[str, str] = {}
    for line in patch.read_text(encoding="utf-8").splitlines():
        if line.startswith(("diff --git", "--- ")):
            break
        key, colon, value = line.partition(":")
        if colon and key in ("promise", "tests"):
            head[key] = value.strip()
    missing = [key for key in ("promise", "tests") if not head.get(key)]
    if missing:
        raise quiet.ToolError(f"{patch.name}: no line '{missing[0]}: ...' before the diff")
    return Mutant(patch, head["promise"], tuple(shlex.split(head["tests"])))


def fresh_copy(name: str) -> Path:
    """Return a new copy of the tree, ready to run tests in."""
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    tree.copy(folder)
    tree.link_into(folder)
    return folder


def run_suite(folder: Path, arguments: tuple[str, ...], *, first_failure: bool) -> SuiteRun:
    """Run pytest in a copy; when it hangs, end it and all that it started."""
    report = folder / ".build" / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    command += [f"--junit-xml={report}", *(["--exitfirst"] if first_failure else [])]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    ) as pytest:
        _running.add(pytest.pid)
        try:
            output = pytest.communicate(timeout=TIME_LIMIT)[0]
        except subprocess.TimeoutExpired:
            os.killpg(pytest.pid, signal.SIGKILL)
            return SuiteRun(-1, (), f"hung for {TIME_LIMIT} s")
        finally:
            _running.discard(pytest.pid)
    return SuiteRun(pytest.returncode, failed_tests(report), output[-3000:])


def failed_tests(report: Path) -> tuple[str, ...]:
    """Return the names of tests that ran and failed; a module that cannot be imported is none."""
    if not report.is_file():
        return ()
    return tuple(
        f"{case.get('classname')}::{case.get('name')}"
        for case in ElementTree.parse(report).getroot().iter("testcase")
        if case.get("name")
        for result in case
        if result.tag in ("failure", "error") and result.get("message") != "collection failure"
    )


def try_mutant(mutant: Mutant) -> Outcome:
    """Apply one patch to a copy and run the suite until a test fails."""
    folder = fresh_copy(mutant.patch.stem)
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(mutant.patch)],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if applied.returncode:
        return Outcome(mutant, error=f"does not apply: {applied.stderr.strip()}")
    outcome = Outcome(mutant, error="not caught by any test")
    for suite in (mutant.tests, FAST_SUITE):
        run = run_suite(folder, suite, first_failure=True)
        if run.code == 1 and run.failed:
            outcome = Outcome(mutant, caught_by=run.failed[0])
            break
        if run.code:
            outcome = Outcome(mutant, error=f"pytest ended with {run.code}:\n{run.output}")
            break
    shutil.rmtree(folder, ignore_errors=True)
    return outcome


def check_baseline(mutants: list[Mutant]) -> None:
    """Raise unless the suite passes without a patch: else a failure would prove nothing."""
    folder = fresh_copy("without-a-patch")
    named = dict.fromkeys(mutant.tests for mutant in mutants)
    for suite in [FAST_SUITE, *named]:
        run = run_suite(folder, suite, first_failure=False)
        if run.code:
            what = shlex.join(suite)
            raise quiet.ToolError(
                f"without a patch, pytest {what} ends with {run.code}:\n{run.output}"
            )
    shutil.rmtree(folder, ignore_errors=True)


def report(outcome: Outcome) -> None:
    """Print the fate of one mutant."""
    name = outcome.mutant.patch.stem
    verdict = f"caught by {outcome.caught_by}" if outcome.caught_by else f"ERROR: {outcome.error}"
    print(f"{name}\n    breaks: {outcome.mutant.promise}\n    {verdict}", flush=True)


def try_all(mutants: list[Mutant]) -> list[Outcome]:
    """Try `mutants`, WORKERS at a time, and report each; an interrupt ends the suites, too."""
    outcomes = []
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for outcome in pool.map(try_mutant, mutants):
                report(outcome)
                outcomes.append(outcome)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for group in list(_running):
                os.killpg(group, signal.SIGKILL)
            raise
    return outcomes


def main(arguments: list[str]) -> int:
    """Try all patches, or those whose names are given; return 1 when one is not caught."""
    parser = argparse.ArgumentParser(description="apply each patch and show which test notices")
    parser.add_argument("names", nargs="*", help="names of patches, without .patch; default: all")
    names = parser.parse_args(arguments).names
    mutants = [read(patch) for patch in sorted(PATCHES.glob("*.patch"))]
    chosen = [mutant for mutant in mutants if not names or mutant.patch.stem in names]
    unknown = set(names) - {mutant.patch.stem for mutant in mutants}
    if unknown:
        raise quiet.ToolError(f"no such patch: {', '.join(sorted(unknown))}")
    check_baseline(chosen)
    outcomes = try_all(chosen)
    caught = sum(1 for outcome in outcomes if outcome.caught_by)
    print(f"{len(outcomes)} mutants, {caught} caught, {len(outcomes) - caught} errors")
    if len(mutants) < MINIMUM:
        raise quiet.ToolError(f"{len(mutants)} patches, but at least {MINIMUM} are needed")
    return 0 if caught == len(outcomes) else 1


if __name__ == "__main__":
    quiet.leave_with(main)
