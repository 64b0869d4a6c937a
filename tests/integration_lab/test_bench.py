# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m bench` measures, prints its table and writes the file that its schema describes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

TESTS = Path(__file__).resolve().parents[1]
# As bench/report.py describes it.
DOCUMENT = {"schema", "time", "quick", "load", "machine", "versions", "measurements"}
MACHINE = {"cpu", "cores", "memory_mib", "kernel", "architecture"}
ROW = {"what", "unit", "ours", "theirs", "rival", "ratio", "budget", "met", "rounds"}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env={**os.environ, "PYTHONPATH": f"{TESTS.parent / '.build'}:{TESTS}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def test_the_cheapest_measurement(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    done = bench("--quick", "probe", f"--output={path}")
    assert done.returncode == 0, done.stdout + done.stderr
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["what", "ours", "theirs", "of", "ratio", "budget", "met"]
    assert sum(line.startswith("flow_probe, 200 filtered targets, ") for line in lines) == 4

    document: dict[str, Any] = json.loads(path.read_text())
    assert set(document) == DOCUMENT
    assert document["schema"] == "legalops.timesensor/bench/1"
    assert document["quick"] is True
    assert set(document["load"]) == {"before", "after"}
    assert set(document["machine"]) == MACHINE
    assert document["machine"]["cores"] == os.cpu_count()
    assert {"python", "ansible-core", "curl", "nft", "firewalld"} <= set(document["versions"])
    assert "unknown" not in document["versions"].values()
    assert set(document["measurements"]) == {"probe"}
    rows = document["measurements"]["probe"]["rows"]
    assert len(rows) == 4
    for row in rows:
        assert set(row) == ROW
        assert row["rounds"]["ours"]
        # One call waits its timeout of 5 s out, whatever the machine does besides.
        assert not row["what"].endswith("on the host: wall") or row["ours"] >= 5


def test_what_cannot_be_measured_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    done = bench("probe", "speed", f"--output={path}")
    assert done.returncode == 1
    assert (
        done.stderr == "bench: there is no speed to measure; there are ftp, policy, probe, loss,"
        " growth\n"
    )
    assert not path.exists()
