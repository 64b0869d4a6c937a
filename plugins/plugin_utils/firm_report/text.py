# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for a reader: control characters made visible, numbers and dates as the language writes
them, and the words of a language."""

from __future__ import annotations

import datetime
import functools
import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
)

_WORDS = Path(__file__).parent / "words"
# Controls, format characters (bidirectional overrides, zero widths), surrogates, private and
# unassigned ones, line and paragraph separators: what a server could use to write something else
# than what is read, and most of what XML 1.0 forbids (section 2.2).
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_TEMPLATE_MARK = re.compile(r"\{(?=[{%#])")


def visible(text: str) -> str:
    """Return `text` with every character that has no glyph written as C(\\xNN), C(\\uNNNN) or
    C(\\UNNNNNNNN); line ends and tabs stay."""
    return "".join(
        character if character in "\n\t" or not _is_unseen(character) else _escaped(character)
        for character in text
    )


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: Any) -> str:
    """Return a value of the evidence as text; numbers as they are, since many are codes."""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )


def inert(markup: str) -> str:
    """Return HTML or XML in which nothing looks like a template.

    ansible-core 2.18 looks for templates in what it writes into a file, and a server's greeting may
    well hold one.
    """
    return _TEMPLATE_MARK.sub("&#123;", markup)


def languages() -> list[str]:
    """Return the languages that there are words for."""
    return sorted(path.stem for path in _WORDS.glob("*.yml"))


class Words:
    """The words of one language, by their path in its file (C(answer.work))."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self.all = words
        self.lang = str(words["lang"])

    def __call__(self, path: str, **values: Any) -> str:
        """Return the words at `path` with `values` filled in; with C(count) the plural form.

        Raises KeyError for words that are not there: a unit test renders them all.
        """
        found: Any = self.all
        for key in path.split("."):
            found = found[key]
        if isinstance(found, Mapping):
            found = found["one" if values["count"] == 1 else "other"]
        shown = {
            name: self.number(value) if isinstance(value, (int, float)) else value
            for name, value in values.items()
        }
        return str(found).format(**shown)

    def has(self, group: str, key: str) -> bool:
        return key in self.all[group]

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with the language's separators."""
        whole, _point, part = f"{value:,.{digits}f}".partition(".")
        text = whole.replace(",", self.all["number"]["thousands"])
        return text + (self.all["number"]["decimal"] + part if part else "")

    def rate(self, mbit: float) -> str:
        """Return Mbit/s with as many digits as are of use."""
        return f"{self.number(mbit, _digits(mbit))} Mbit/s"

    def seconds(self, value: float) -> str:
        return f"{self.number(value, _digits(value))} s"

    def time(self, text: str) -> str:
        """Return an ISO 8601 time as a person writes it, in UTC; other text as it is."""
        try:
            time = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
        except ValueError:
            return text
        months = self.all["months"]
        return str(self.all["time"]).format(
            day=time.day, month=months[time.month - 1], year=time.year, clock=f"{time:%H:%M}"
        )

    def joined(self, items: list[str]) -> str:
        """Return the items as a sentence lists them."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.all['and']} {items[-1]}"


def _digits(value: float) -> int:
    """Return how many decimals a measured value is worth."""
    return 0 if value >= 10 or value == 0 else 1 if value >= 1 else 2


@functools.cache
def words_of(language: str) -> Words:
    """Return the words of a language. Raises `InputError` for one that there are none for."""
    if language not in languages():
        known = ", ".join(languages())
        raise InputError([Problem("language", f"{language!r} is none of {known}")], "no report")
    text = (_WORDS / f"{language}.yml").read_text(encoding="utf-8")
    return Words(yaml.safe_load(text))
