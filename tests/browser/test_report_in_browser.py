# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in headless Chromium: no barriers, valid, silent, readable on a phone and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

DESKTOP, PHONE = 1280, 390


def test_axe_core_finds_nothing(page: dict[str, Any]) -> None:
    for size in ("desktop", "phone"):
        assert page["axe"][size]["violations"] == []
        # It cannot tell the contrast of signs that are no text, of which we have some.
        undecided = {text.partition(":")[0] for text in page["axe"][size]["incomplete"]}
        assert undecided <= {"color-contrast"}
        assert page["axe"][size]["passes"] >= 15


def test_the_html_is_valid(page: dict[str, Any]) -> None:
    assert page["html"] == []


def test_nothing_is_fetched_and_nothing_runs(page: dict[str, Any]) -> None:
    assert len(page["requests"]) == 4, "the page itself, once for each visit"
    assert {request.partition(":")[0] for request in page["requests"]} == {"file"}
    assert len(set(page["requests"])) == 1
    assert page["said"] == []
    assert page["desktop"]["active"] == 0


def test_all_is_there_without_javascript(page: dict[str, Any]) -> None:
    assert page["sameTextWithScripts"] is True
    assert len(page["desktop"]["text"]) > 200


def test_nothing_hangs_over_the_edge(page: dict[str, Any]) -> None:
    assert page["desktop"]["width"] == DESKTOP
    assert page["phone"]["width"] == PHONE


@pytest.mark.parametrize(
    ("name", "lang", "answer"),
    [
        ("good.en", "en", "Everything works: all 19 checks passed."),
        ("good.de", "de-CH", "Alles funktioniert: Alle 19 Prüfungen sind bestanden."),
        ("bad.en", "en", "Work is needed: 8 of 39 checks failed."),
        ("bad.de", "de-CH", "Handlungsbedarf: 8 von 39 Prüfungen sind nicht bestanden."),
        ("lost.en", "en", "Nothing was tested, so nothing can be said."),
        ("real.en", "en", "Work is needed: 1 of 11 checks failed."),
        ("real.de", "de-CH", "Handlungsbedarf: 1 von 11 Prüfungen ist nicht bestanden."),
    ],
)
def test_the_answer_comes_first(
    seen: Mapping[str, dict[str, Any]], name: str, lang: str, answer: str
) -> None:
    found = seen[name]["desktop"]
    assert found["lang"] == lang
    assert answer in "\n".join(found["text"].splitlines()[:8])


def test_curves_are_drawn_and_described(seen: Mapping[str, dict[str, Any]]) -> None:
    assert [len(seen[f"{firm}.en"]["desktop"]["curves"]) for firm in ("good", "bad", "real")] == [
        1,
        2,
        1,
    ]
    stalled, whole = seen["bad.en"]["desktop"]["curves"]
    assert (stalled["stalls"], stalled["limits"], whole["stalls"]) == (1, 1, 0)
    assert "Stalled from 31 s to 61 s (30 s)." in stalled["description"]
    assert stalled["name"] == "Throughput of the download"
    for curve in (stalled, whole, *seen["real.de"]["desktop"]["curves"]):
        assert curve["line"] > 300


def test_what_a_server_sent_stays_text(seen: Mapping[str, dict[str, Any]]) -> None:
    assert (
        "<img src=http://evil.example/x onerror=alert(1)>" in seen["hostile.en"]["desktop"]["text"]
    )
    assert seen["hostile.en"]["desktop"]["title"].startswith("<script src=x onload=alert(0)>")


def test_pictures_and_paper_are_kept_to_be_looked_at(
    pictures: Path, seen: Mapping[str, dict[str, Any]]
) -> None:
    for name in seen:
        for kind in ("desktop.png", "phone.png", "pdf"):
            assert (pictures / f"{name}.{kind}").stat().st_size > 5000
