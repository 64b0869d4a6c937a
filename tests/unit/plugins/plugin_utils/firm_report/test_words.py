# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the report: complete in every language, for every flow and verdict that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from unit.plugins.plugin_utils.firm_report import sample

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.verdicts import NAMES
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report import model, text
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.text import (
    Words,
    inert,
    languages,
    visible,
    words_of,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import (
    UNEXPLAINED,
    rules,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.report import SCENARIOS
from ansible_collections.legalops.timesensor.plugins.plugin_utils.scenario import ANNOUNCE_FLOW

# What templates and code ask for by a fixed name.
ASKED = re.compile(r"""words\(\s*['"]([a-z_.]+)['"]""")


@pytest.fixture(params=languages())
def words(request: pytest.FixtureRequest) -> Words:
    return words_of(request.param)


def leaves(words: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(words, Mapping):
        for key, value in words.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    else:
        yield path, str(words)


def placeholders(found: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", found))


def test_there_are_english_and_german() -> None:
    assert languages() == ["de", "en"]


def test_every_language_has_the_same_words_with_the_same_values_in_them() -> None:
    english, german = (dict(leaves(words_of(language).all)) for language in ("en", "de"))
    assert german.keys() == english.keys()
    differing = {
        path for path in english if placeholders(english[path]) != placeholders(german[path])
    }
    assert differing == set()


def test_every_verdict_has_words(words: Words) -> None:
    wanted = {*NAMES, *(rule.name for rule in rules()), UNEXPLAINED}
    assert wanted - set(words.all["verdicts"]) == set()
    assert set(words.all["verdicts"]) - wanted == set()


def test_every_flow_of_the_scenarios_has_words(words: Words) -> None:
    wanted = {ANNOUNCE_FLOW, "update_download"}
    for scenario in SCENARIOS:
        table = sample.settings(scenario)["table"]
        wanted |= {flow["id"] for line in table for flow in line["flows"]}
    assert wanted == set(words.all["flows"])
    assert {model.area(flow) for flow in wanted} == set(words.all["areas"])
    assert set(words.all["scenarios"]) == set(SCENARIOS)


def test_every_status_and_answer_has_words(words: Words) -> None:
    assert set(words.all["status"]) == set(words.all["counted"]) == set(model.STATUSES)
    answers = {model.NOTHING, model.WORK, model.REMARKS, model.UNTESTED, model.ALL_WELL}
    assert answers <= set(words.all["answer"])


def test_what_is_asked_for_is_there(words: Words) -> None:
    package = (path for path in text._WORDS.parent.rglob("*") if path.suffix in (".py", ".j2"))
    asked = {path for file in package for path in ASKED.findall(file.read_text())}
    assert len(asked) > 40
    for path in asked:
        found: Any = words.all
        for key in path.strip(".").split("."):
            assert key in found, path
            found = found[key]


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(InputError, match="language: 'fr' is none of de, en"):
        words_of("fr")


@pytest.mark.parametrize(
    ("language", "number", "time"),
    [
        ("en", "1,073,741,824", "4 November 2026, 14:05 UTC"),
        ("de", "1'073'741'824", "4. November 2026, 14:05 Uhr UTC"),
    ],
)
def test_numbers_and_times_are_written_as_the_language_does(
    language: str, number: str, time: str
) -> None:
    words = words_of(language)
    assert words.number(1 << 30) == number
    assert words.time("2026-11-04T15:05:59+01:00") == time
    assert words.time("yesterday") == "yesterday"


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.254, "0.25"), (4.04, "4.0"), (1848.7, "1,849")]
)
def test_a_rate_has_as_many_digits_as_are_of_use(value: float, shown: str) -> None:
    assert words_of("en").rate(value) == f"{shown} Mbit/s"


def test_plural_and_lists(words: Words) -> None:
    assert words("table.evidence", count=1) != words("table.evidence", count=2)
    assert words.joined([]) == ""
    assert words.joined(["a"]) == "a"
    assert words.joined(["a", "b", "c"]) == f"a, b {words.all['and']} c"


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\x00", "\\x00"),
        ("\x9b", "\\x9b"),
        ("a\u202eb", "a\\u202eb"),
        ("\u200b\ufeff\ufffe", "\\u200b\\ufeff\\ufffe"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("line\n\tnext\r", "line\n\tnext\\x0d"),
        ("Zürich «é» 漢字 😀", "Zürich «é» 漢字 😀"),
    ],
)
def test_characters_without_a_glyph_are_made_visible(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


def test_nothing_looks_like_a_template_to_ansible() -> None:
    assert inert("{{ a }} {% b %} {# c #} {d}") == "&#123;{ a }} &#123;% b %} &#123;# c #} {d}"
    assert "{{" not in inert("{{{{")
