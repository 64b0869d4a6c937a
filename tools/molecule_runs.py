# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make molecule): each scenario below C(molecule/) on each suite of Debian, and how long it took.

C(make molecule ARGS="classic_host --suite trixie") runs one. Each run has a lab of its own, which
ends with it, whatever ends it. C(.build/results/molecule.xml) is a JUnit file with one test for
each scenario and suite; what molecule printed is in C(.build/molecule/SCENARIO-SUITE/output.txt).
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from lab import background
from lab.errors import LabError
from lab.footprint import supervised

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "molecule"
BUILD = ROOT / ".build" / "molecule"
RESULT = ROOT / ".build" / "results" / "molecule.xml"
SUITES = ("bookworm", "trixie")
# A run waits half of its time: for a boot, for SSH, for a packet that must not come.
AT_ONCE = 2
# molecule leaves a step out, and says that all is well, when it does not find what belongs to it.
LEFT_OUT = ("Skipping, no tests found", "Missing playbook")
# XML 1.0, section 2.2: what a document may not contain.
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Run:
    """One scenario on one suite, and how it ended."""

    scenario: str
    suite: str
    seconds: float
    output: Path
    fault: str

    def __str__(self) -> str:
        result = f"FAILED, {self.fault}" if self.fault else "ok"
        return f"{self.scenario:<20}{self.suite:<10}{self.seconds:>7.1f} s  {result}"


def scenarios() -> list[str]:
    """Names of all scenarios: the directories with a molecule.yml."""
    return sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


def lab_options(scenario: str, suite: str) -> list[str]:
    """Options of C(python -m lab start): the scenario's own lab.json, a suite, and us as owner."""
    chosen = json.loads((SCENARIOS / scenario / "lab.json").read_text())
    options = ["--suite", suite, "--owner", str(os.getpid()), "--forward", chosen["forward"]]
    for name in chosen["boot"]:
        options += ["--boot", name]
    for service in chosen["services"]:
        options += ["--service", service]
    return options


def run_one(scenario: str, suite: str) -> Run:
    """Run C(molecule test); its output goes into a file, each line with the seconds since then."""
    # The newline in one piece with the line, since others print at the same time.
    print(f"molecule: {scenario} on {suite} begins\n", end="", flush=True)
    place = BUILD / f"{scenario}-{suite}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    output = place / "output.txt"
    environment = {
        **os.environ,
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "LAB_PLACE": str(place),
        "LAB_OPTIONS": " ".join(lab_options(scenario, suite)),
        "ANSIBLE_HOME": str(place / "ansible"),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(place / "state"),
        "NO_COLOR": "1",
    }
    command = ["setpriv", "--pdeathsig", "TERM", "--", "molecule", "-c", "molecule/base.yml"]
    command += ["test", "--scenario-name", scenario]
    start = time.monotonic()
    try:
        with (
            output.open("w", buffering=1) as file,
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            for line in process.stdout or ():
                file.write(f"{time.monotonic() - start:6.1f} {line}")
    finally:
        # molecule does not when its own clean-up fails: a host that cuts off SSH cannot clean up.
        background.stop(place)
    fault = fault_of(process.returncode, output.read_text())
    return Run(scenario, suite, time.monotonic() - start, output, fault)


def fault_of(code: int, output: str) -> str:
    """Say what is wrong with a run of molecule; empty when nothing is."""
    if code:
        return f"exit code {code}"
    return next((f"molecule said: {words}" for words in LEFT_OUT if words in output), "")


def write_junit(runs: Sequence[Run]) -> None:
    """Write what tools/times.py counts."""
    failed = sum(bool(run.fault) for run in runs)
    suite = ElementTree.Element("testsuite", name="molecule", tests=str(len(runs)))
    suite.set("failures", str(failed))
    for run in runs:
        case = ElementTree.SubElement(suite, "testcase", classname="molecule")
        case.set("name", f"{run.scenario}[{run.suite}]")
        case.set("time", f"{run.seconds:.1f}")
        if run.fault:
            failure = ElementTree.SubElement(case, "failure", message=run.fault)
            failure.text = _NOT_XML.sub("?", "\n".join(_tail(run.output)))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(RESULT, encoding="unicode", xml_declaration=True)


def _tail(output: Path, lines: int = 60) -> Iterator[str]:
    yield from output.read_text(errors="replace").splitlines()[-lines:]


def run_all(pairs: Sequence[tuple[str, str]], at_once: int) -> int:
    """Run scenarios on suites; the table comes at the end, also when one has failed."""
    runs: list[Run] = []
    pool = ThreadPoolExecutor(at_once)
    try:
        for future in as_completed([pool.submit(run_one, *pair) for pair in pairs]):
            run = future.result()
            runs.append(run)
            print(f"molecule: {run}", flush=True)
            if run.fault:
                print("\n".join(_tail(run.output)))
                print(f"molecule: {run.scenario} on {run.suite}, all of it: {run.output}")
    finally:
        # Not waited for: after Ctrl-C the supervisor ends what still runs.
        pool.shutdown(wait=False, cancel_futures=True)
        runs.sort(key=lambda run: (run.scenario, run.suite))
        write_junit(runs)
        print("\n" + "\n".join(str(run) for run in runs))
    return 1 if any(run.fault for run in runs) else 0


def run_alone(pairs: Sequence[tuple[str, str]], at_once: int) -> int:
    """Like `run_all`. Raises LabError while another one runs in this tree: both would use the same
    directories."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(
                f"another `make molecule` runs in this tree (it holds {lock.name}); nothing was run"
            ) from None
        return run_all(pairs, at_once)


def main(arguments: Sequence[str]) -> int:
    """Run the scenarios and say at the end whether the machine is as it was."""
    parser = argparse.ArgumentParser(prog="make molecule", description="run molecule's scenarios")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(scenarios()))
    parser.add_argument("--suite", choices=SUITES, action="append", help="default: both")
    parser.add_argument(
        "--at-once", type=int, default=AT_ONCE, help="how many run at a time; default %(default)s"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.scenarios) - set(scenarios())
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    pairs = [
        (scenario, suite)
        for scenario in options.scenarios or scenarios()
        for suite in options.suite or SUITES
    ]
    return supervised("molecule", lambda: run_alone(pairs, options.at_once))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
