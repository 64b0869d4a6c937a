# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the report, opened in Chromium once for all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from integration_lab.proved_firm import ProvedFirm
from unit.plugins.plugin_utils.firm_report import sample

from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.html import firm_page
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.model import Missing
from lab import Lab, firm

HERE = Path(__file__).resolve().parent
# Where `make browser` puts node_modules, and what the pages look like.
BUILD = HERE.parents[1] / ".build" / "browser"
SEEN = BUILD / "seen"
LANGUAGES = ("en", "de")
FIRMS = ("good", "bad", "hostile", "lost", "real")
TIME_LIMIT = 300  # seconds for all pages; a browser that hangs is ended


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page by C(firm.language); the firm `real` was proved in the lab."""
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "good": (sample.good_firm(), []),
        "bad": (sample.bad_firm(), [Missing("archive")]),
        "hostile": (sample.hostile_firm(), []),
        "lost": ([], [Missing("gateway", ("classic",))]),
    }
    found = {}
    for name, (documents, missing) in made.items():
        for language in LANGUAGES:
            path = folder / f"{name}.{language}.html"
            path.write_text(firm_page(documents, language, missing, "Muster"), encoding="utf-8")
            found[f"{name}.{language}"] = path
    with Lab(firm()) as lab:
        proved = ProvedFirm(lab, tmp_path_factory.mktemp("firm"))
        proved.prepare()
        done = proved.playbook("onboard")
    for language, name in (("en", "report.html"), ("de", "report.de.html")):
        path = folder / f"real.{language}.html"
        if not (proved.folder / name).is_file():
            raise AssertionError(done.stdout + done.stderr)
        shutil.copy(proved.folder / name, path)
        found[f"real.{language}"] = path
    return found


@pytest.fixture(scope="session")
def seen(
    pages: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What Chromium, axe-core and html-validate say of each page, see look.mjs."""
    shutil.rmtree(SEEN, ignore_errors=True)
    SEEN.mkdir(parents=True)
    profile = tmp_path_factory.mktemp("profile")
    chromium = shutil.which("chromium") or "chromium"
    # With a first process of its own: Chromium, which node starts detached, ends with node.
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
    command += ["node", str(HERE / "look.mjs"), str(BUILD), chromium, str(profile), str(SEEN)]
    done = subprocess.run(
        [*command, *map(str, pages.values())],
        env={**os.environ, "HOME": str(profile)},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")
    looked = json.loads(done.stdout)
    return {name: looked[str(path)] for name, path in pages.items()}


@pytest.fixture(scope="session")
def pictures(seen: Mapping[str, dict[str, Any]]) -> Path:
    """The folder with screenshots and PDF files of all pages."""
    return SEEN


@pytest.fixture(params=[f"{firm}.{language}" for firm in FIRMS for language in LANGUAGES])
def page(request: pytest.FixtureRequest, seen: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return seen[request.param]
