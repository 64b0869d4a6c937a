# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make cores): the collection under every ansible-core that it claims, each in its own place.

For each ansible-core of CORES: an environment under the oldest Python of this machine that it runs
on; then ansible-test sanity, the unit tests under that Python and those of code for managed hosts
under the oldest one, and, at the same time, the roles in the lab. The core that C(make test) has,
the newest one, is left out unless it is named: it runs there under the newest Python, with the unit
tests under every Python.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
from dataclasses import dataclass
from pathlib import Path

import pythons
import quiet
import side_by_side
import tree

# What a core may change for us: how plays, roles, filters, action plugins and modules are run.
PLAYS = (
    "tests/integration_lab/test_lab_ansible.py",
    "tests/integration_lab/test_roles_apply.py",
    "tests/integration_lab/test_scenario_proof.py",
    "tests/integration_lab/test_ftp_path_play.py",
)
STEP = "tools/step"


@dataclass(frozen=True)
class Core:
    """A release series of ansible-core, the Pythons that its controller runs on, and the oldest one
    that it sends modules to."""

    series: str
    controllers: tuple[pythons.Version, ...]
    oldest_target: str

    @property
    def requirements(self) -> Path:
        return tree.ROOT / "requirements" / f"core-{self.series}.txt"

    @property
    def version(self) -> str:
        """Return the pinned version."""
        lines = self.requirements.read_text(encoding="utf-8").splitlines()
        return next(line for line in lines if line.startswith("ansible-core==")).split("==")[1]

    def python(self) -> pythons.Python | None:
        """Return the oldest interpreter of this machine that the core runs on."""
        found = pythons.find(self.controllers)
        return found[-1] if found else None


# From the support matrix of ansible-core.
CORES = (
    Core("2.18", ((3, 11), (3, 12), (3, 13)), "3.8"),
    Core("2.19", ((3, 11), (3, 12), (3, 13)), "3.8"),
    Core("2.20", ((3, 12), (3, 13), (3, 14)), "3.9"),
    Core("2.21", ((3, 12), (3, 13), (3, 14)), "3.9"),
)


def lanes(core: Core, python: pythons.Python) -> dict[str, list[list[str]]]:
    """Make the core's environment; return the commands of its steps, by lane."""
    venv = str(tree.BUILD / "cores" / f"{core.series}-python{python.name}")
    interpreter = quiet.provide_venv(python.path, venv, str(core.requirements))
    path = os.pathsep.join([str(Path(interpreter).parent), os.environ["PATH"]])

    def name_of(kind: str) -> str:
        return f"core-{core.series}-{kind}"

    def junit(kind: str) -> str:
        return f"--junit-xml={tree.RESULTS / name_of(kind)}.xml"

    def step(kind: str, purpose: str, *command: str) -> list[str]:
        what = f"{purpose}, ansible-core {core.version} on Python {python.name}"
        return ["env", f"PATH={path}", STEP, name_of(kind), what, *command]

    ansible_test = [interpreter, "tools/ansible_test.py"]
    for_targets = [interpreter, "tools/unit_target.py", "--core", core.version]
    for_targets += ["--oldest", core.oldest_target, junit("oldest")]
    plays = ["tools/as-root", interpreter, "-m", "pytest", *PLAYS, junit("plays")]
    return {
        "tests": [
            step("sanity", "ansible-test sanity", *ansible_test, "sanity"),
            step("units", "ansible-test units", *ansible_test, "units", "--python", python.name),
            step("oldest", "unit tests of code for managed hosts", *for_targets),
        ],
        "plays": [step("plays", "roles and action plugins in the lab", *plays)],
    }


def main(arguments: list[str]) -> int:
    """Run what the command line names, by default all cores; return the first bad exit code."""
    parser = argparse.ArgumentParser(description="the collection under several ansible-cores")
    names = [core.series for core in CORES]
    parser.add_argument(
        "cores",
        nargs="*",
        metavar="CORE",
        help=f"default: all but that of make test, of {', '.join(names)}",
    )
    chosen = parser.parse_args(arguments).cores
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        raise quiet.ToolError(f"unknown: {', '.join(unknown)}. Known: {', '.join(names)}")
    if not chosen:
        of_test = importlib.metadata.version("ansible-core")
        print(f"note: ansible-core {of_test} is the one of make test")
        chosen = [name for name in names if not of_test.startswith(f"{name}.")]
    all_lanes: dict[str, list[list[str]]] = {"tests": [], "plays": []}
    for core in CORES:
        if core.series not in chosen:
            continue
        python = core.python()
        if python is None:
            wanted = " or ".join("{}.{}".format(*version) for version in core.controllers)
            print(f"note: ansible-core {core.series} is not run: no Python {wanted} here")
            continue
        for lane, commands in lanes(core, python).items():
            all_lanes[lane] += commands
    if not any(all_lanes.values()):
        raise quiet.ToolError("nothing was run: see the notes above")
    os.chdir(tree.ROOT)
    return side_by_side.Lanes(all_lanes).run()


if __name__ == "__main__":
    quiet.leave_with(main)
