# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests that may be skipped, and why: C(tests/permitted_skips.toml).

Each entry there has a C(step) (as tools/step names it), a C(test) (both may hold C(*)) and a
C(reason). Any other skip fails its step: a test that is not run has proved nothing. tools/step asks
here when a step has left a JUnit file, tools/ansible_test.py for what ansible-test only prints.
"""

from __future__ import annotations

import fnmatch
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import quiet

LIST = Path(__file__).resolve().parent.parent / "tests" / "permitted_skips.toml"
_KEYS = {"step", "test", "reason"}


@dataclass(frozen=True)
class Permitted:
    """Tests of a step that may be skipped; both names are patterns of fnmatch."""

    step: str
    test: str
    reason: str


def permitted(path: Path = LIST) -> list[Permitted]:
    """Return the list. Raises ToolError for an entry that lacks a key or gives no reason."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("skip", [])
    for number, entry in enumerate(entries, 1):
        if set(entry) != _KEYS or not all(str(entry[key]).strip() for key in _KEYS):
            raise quiet.ToolError(
                f"{path.name}, entry {number}: it needs step, test and reason, and nothing else"
            )
    return [Permitted(**entry) for entry in entries]


def skipped_tests(report: Path) -> list[tuple[str, str]]:
    """Return name and reason of each test that a JUnit file says was skipped."""
    found = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        skipped = case.find("skipped")
        if skipped is not None:
            name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
            found.append((name, skipped.get("message") or (skipped.text or "").strip()))
    return found


def forbidden(
    step: str, skipped: list[tuple[str, str]], allowed: list[Permitted]
) -> list[tuple[str, str]]:
    """Return those of the skipped tests of a step that the list does not permit."""
    return [
        (name, reason)
        for name, reason in skipped
        if not any(
            fnmatch.fnmatchcase(step, entry.step) and fnmatch.fnmatchcase(name, entry.test)
            for entry in allowed
        )
    ]


def complain(step: str, skipped: list[tuple[str, str]]) -> int:
    """Name each skipped test of a step that the list does not permit; return 1 if there is any."""
    found = forbidden(step, skipped, permitted())
    for name, reason in found:
        print(f"error: skipped, and not in {LIST.name}: {name}: {reason}", file=sys.stderr)
    return 1 if found else 0


def main(arguments: list[str]) -> int:
    """Judge the JUnit file of a step: its name and the file's path are the arguments."""
    step, report = arguments
    return complain(step, skipped_tests(Path(report)))


if __name__ == "__main__":
    quiet.leave_with(main)
