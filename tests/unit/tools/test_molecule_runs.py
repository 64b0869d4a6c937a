# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of molecule is green only when all of it was run, and its result can always be read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import molecule_runs
import pytest
from molecule_runs import Run, fault_of

from lab.errors import LabError
from lab.topology import firm


@pytest.mark.parametrize(
    ("code", "output", "fault"),
    [
        (0, "INFO  verify: Executed: Successful", ""),
        (2, "", "exit code 2"),
        (0, "WARNING  Skipping, no tests found.", "molecule said: Skipping, no tests found"),
        (0, "WARNING  Missing playbook: Remove", "molecule said: Missing playbook"),
    ],
)
def test_a_step_that_was_left_out_is_a_fault(code: int, output: str, fault: str) -> None:
    assert fault_of(code, output) == fault


def test_what_is_no_xml_in_the_output_does_not_break_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(molecule_runs, "RESULT", tmp_path / "molecule.xml")
    output = tmp_path / "output.txt"
    output.write_text("\x1b[31mred\x1b[0m\n\ufffe")
    molecule_runs.write_junit(
        [Run("a", "trixie", 1.0, output, "exit code 2"), Run("b", "trixie", 1.0, output, "")]
    )
    suite = ElementTree.parse(tmp_path / "molecule.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite[0][0].text == "?[31mred?[0m\n?"


def test_two_in_one_tree_do_not_share_their_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(molecule_runs, "BUILD", tmp_path)

    def second(_pairs: object, _at_once: int) -> int:
        with pytest.raises(LabError, match="another `make molecule` runs in this tree"):
            molecule_runs.run_alone([], 1)
        return 0

    monkeypatch.setattr(molecule_runs, "run_all", second)
    assert molecule_runs.run_alone([], 1) == 0


@pytest.mark.parametrize("scenario", molecule_runs.scenarios())
def test_each_scenario_boots_hosts_and_has_all_steps(scenario: str) -> None:
    folder = molecule_runs.SCENARIOS / scenario
    chosen = json.loads((folder / "lab.json").read_text())
    booted = [spec.name for spec in firm(booted=tuple(chosen["boot"])).hosts if spec.boots]
    assert sorted(booted) == sorted(chosen["boot"])
    sequence = (folder / "molecule.yml").read_text()
    if "test_sequence" not in sequence:
        sequence = (molecule_runs.SCENARIOS / "base.yml").read_text()
    steps = [
        line.strip().removeprefix("- ").split()[0]
        for line in sequence.partition("test_sequence:")[2].splitlines()
        if line.strip().startswith("- ")
    ]
    wanted = ["create", "prepare", "check", "verify", "converge", "idempotence", "verify"]
    wanted += ["side_effect", "verify", "side_effect", "verify", "idempotence"]
    assert steps[: len(wanted)] == wanted
    assert steps[-3:] == ["cleanup", "verify", "destroy"]
    for line in sequence.splitlines():
        action, *paths = line.strip().removeprefix("- ").split()[0:] or [""]
        if action == "verify":
            assert all(list((folder / path).glob("test_*.py")) for path in paths), line
