# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test that is skipped without permission fails its step."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import quiet
import skips

STEP = Path(__file__).resolve().parents[3] / "tools" / "step"
ALLOWED = [skips.Permitted("*sanity", "import-3.*", "no such Python here")]
REPORT = """
<testsuites><testsuite tests="2"><testcase classname="tests.test_a" name="test_runs"/>
<testcase classname="tests.test_a" name="test_waits">{skipped}</testcase></testsuite></testsuites>
"""
SKIPPED = '<skipped message="not today"/>'


@pytest.mark.parametrize(
    ("step", "test", "is_forbidden"),
    [
        ("sanity", "import-3.14", False),
        ("core-2.18-sanity", "import-3.9", False),
        ("sanity", "import", True),
        ("sanity", "compile-3.14", True),
        ("units", "import-3.14", True),
    ],
)
def test_only_what_the_list_names_may_be_skipped(step: str, test: str, is_forbidden: bool) -> None:
    found = skips.forbidden(step, [(test, "why")], ALLOWED)
    assert found == ([(test, "why")] if is_forbidden else [])


def test_an_entry_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    path.write_text('[[skip]]\nstep = "unit"\ntest = "*"\nreason = " "\n')
    with pytest.raises(quiet.ToolError, match="entry 1: it needs step, test and reason"):
        skips.permitted(path)


@pytest.mark.parametrize(
    ("skipped", "own_code", "code"), [("", 0, 0), (SKIPPED, 0, 1), (SKIPPED, 3, 3), ("", 3, 3)]
)
def test_a_step_fails_when_one_of_its_tests_was_skipped(
    tmp_path: Path, skipped: str, own_code: int, code: int
) -> None:
    (tmp_path / "report.xml").write_text(REPORT.format(skipped=skipped))
    script = f"cp report.xml .build/results/$STEP_NAME.xml; exit {own_code}"
    done = subprocess.run(
        [STEP, "some-step", "what it does", "sh", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    named = "tests.test_a.test_waits: not today" in done.stderr
    assert named == bool(skipped)
