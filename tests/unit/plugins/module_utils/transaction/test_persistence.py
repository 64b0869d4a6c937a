# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot starts must still be there then."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import parse_policy
from ansible_collections.legalops.timesensor.plugins.module_utils._transaction import persistence
from ansible_collections.legalops.timesensor.plugins.module_utils._transaction.paths import (
    UNIT_FILE,
)


@pytest.mark.parametrize(
    ("running", "started"),
    [("python3.11", "python3"), ("venv/bin/python", "python3"), ("other", "other")],
)
def test_the_unit_starts_the_systems_python_where_it_is_the_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: str, started: str
) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for name in ("python3.11", "other"):
        (tmp_path / name).touch()
    for name in ("python3", "venv/bin/python"):
        (tmp_path / name).symlink_to(tmp_path / "python3.11")
    monkeypatch.setattr(persistence, "_SYSTEM_PYTHON", str(tmp_path / "python3"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / running))
    unit = persistence.wanted_files([], [parse_policy({"name": "p"})])[UNIT_FILE]
    assert isinstance(unit, bytes)
    assert f"ExecStart={tmp_path / started} /var/lib/" in unit.decode()
