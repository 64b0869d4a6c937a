# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as the playbooks write it: from real packets to a page, and from files once more."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from integration_lab.proved_firm import BANNER, FIRM, SIZE, ProvedFirm

from lab import Lab, firm

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "evidence-1.schema.json"
NAMES = ["gateway.json", "junit.xml", "report.de.html", "report.html"]


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProvedFirm]:
    with Lab(firm()) as lab:
        found = ProvedFirm(lab, tmp_path_factory.mktemp("firm"))
        found.prepare()
        yield found


@pytest.fixture(scope="module")
def onboarded(proved: ProvedFirm) -> subprocess.CompletedProcess[str]:
    return proved.playbook("onboard")


def test_a_run_leaves_the_report_beside_the_evidence(
    proved: ProvedFirm, onboarded: subprocess.CompletedProcess[str]
) -> None:
    shown = onboarded.stdout + onboarded.stderr
    assert onboarded.returncode == 4, shown  # a host was not reached
    assert "failed=1 " in shown, "a flow needs work"
    files = sorted(proved.folder.iterdir())
    assert [file.name for file in files] == NAMES
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert proved.folder.stat().st_mode & 0o777 == 0o700
    assert "changed=1 " in shown, "the rules count as a change, the report does not"

    page = (proved.folder / "report.html").read_text()
    assert f"<h1>{FIRM.replace('&', '&amp;')}</h1>" in page
    assert "Work is needed: 1 of 11 checks failed." in page
    assert "1 host gave no result: gone." in page
    assert f"{SIZE:,} of {SIZE:,} bytes" in page
    assert page.count('<svg class="curve"') == 1
    assert "Handlungsbedarf: 1 von 11" in (proved.folder / "report.de.html").read_text()
    assert 'failures="1"' in (proved.folder / "junit.xml").read_text()


def test_the_evidence_is_valid(
    proved: ProvedFirm, onboarded: subprocess.CompletedProcess[str]
) -> None:
    document = json.loads((proved.folder / "gateway.json").read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert (document["firm"], document["check_mode"]) == (FIRM, False)
    whole = document["ftp"][0]
    assert (whole["verdict"], whole["limits"]["min_mbit"]) == ("ok", 1.0)
    assert len(whole["samples"]) >= 3


def test_what_the_server_said_reaches_the_page_as_text(
    proved: ProvedFirm, onboarded: subprocess.CompletedProcess[str]
) -> None:
    """Neither a browser nor Ansible may run it: 7 * 191 is 1337."""
    assert (
        BANNER
        in json.loads((proved.folder / "gateway.json").read_text())["ftp"][0]["control_log"][0]
    )
    for name in NAMES:
        assert "1337" not in (proved.folder / name).read_text(), name
    for name in ("report.html", "report.de.html"):
        page = (proved.folder / name).read_text()
        assert "evil.example/&gt; &#123;{ 7 * 191 }}" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script" not in page


def test_the_report_is_made_again_from_the_files_alone(
    proved: ProvedFirm, onboarded: subprocess.CompletedProcess[str]
) -> None:
    evidence = (proved.folder / "gateway.json").read_bytes()
    other = proved.reports / "andere"
    other.mkdir()
    (other / "gateway.json").write_bytes(
        evidence.replace(json.dumps(FIRM)[1:-1].encode(), b"andere")
    )
    (proved.folder / "report.html").unlink()
    done = proved.playbook("report", "-e", "report_dir=reports")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "report.html" in {file.name for file in other.iterdir()}
    page = (proved.folder / "report.html").read_text()
    assert "Work is needed: 1 of 11 checks failed." in page
    assert (proved.folder / "gateway.json").read_bytes() == evidence
    assert "0 as wanted, 0 with a warning, 2 not as wanted" in done.stdout, done.stdout
    assert f'"{FIRM}  gateway  classic' in done.stdout
    assert '"andere' in done.stdout


def test_the_report_without_a_directory_or_with_a_broken_file_says_so(
    proved: ProvedFirm, tmp_path: Path
) -> None:
    done = proved.playbook("report")
    assert done.returncode == 2
    assert "report_dir is not set" in done.stdout
    (tmp_path / "broken.json").write_text("{")
    done = proved.playbook("report", "-e", f"report_dir={tmp_path}")
    assert done.returncode == 2
    assert f"{tmp_path}/broken.json: is not JSON" in done.stdout.replace("\\", "") + done.stderr
    assert "no report was written" in done.stdout + done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["broken.json"]
