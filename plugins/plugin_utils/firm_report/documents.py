# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence documents as they are read: from this run, or from files that an earlier one wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    NONE,
    PASS,
    WARN,
)

from ..evidence import SCHEMA
from ..scenario import names_directory

UNTOUCHED = "no report was written"
# What a report cannot do without. The whole shape is docs/schemas/evidence-1.schema.json.
_DOCUMENT = ("firm", "host", "check_mode", "time", "versions", "flows", "ftp", "changes")
_LISTS = {
    "flows": (
        *("scenario", "flow", "port", "host", "from", "rules", "verdict", "detail", "status"),
        *("fix", "evidence", "impact"),
    ),
    "ftp": ("scenario", "from", "verdict", "status"),
    "changes": ("scenario", "changed"),
}
_EVIDENCE = ("what", "value", "source")
# What else a transfer has that moved anything.
_MOVED = ("size", "seconds", "mbit", "worst_window_mbit", "verified")


def read_documents(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the documents in `texts`, the contents of files by path, ordered by firm and host.

    Raises `InputError` with every file that is none.
    """
    found: list[dict[str, Any]] = []
    problems: list[Problem] = []
    known: dict[tuple[str, str], str] = {}
    for path, text in texts.items():
        try:
            document = json.loads(text)
        except ValueError as error:
            problems.append(Problem(path, f"is not JSON: {error}"))
            continue
        wrong = problems_of(document, path)
        if not wrong:
            whose = (document["firm"], document["host"])
            first = known.setdefault(whose, path)
            if first != path:
                what = f"is on host {whose[1]} of firm {whose[0]} as {first} is: move one away"
                wrong = [Problem(path, what)]
        problems += wrong
        if not wrong:
            found.append(document)
    if problems:
        raise InputError(problems, UNTOUCHED)
    return in_order(found)


def checked(documents: Sequence[Any]) -> list[dict[str, Any]]:
    """Return `documents`, ordered by firm and host. Raises `InputError` where one is none."""
    problems = [
        problem
        for number, document in enumerate(documents, 1)
        for problem in problems_of(document, f"document {number}")
    ]
    if problems:
        raise InputError(problems, UNTOUCHED)
    return in_order(documents)


def of_one_firm(documents: Sequence[Any]) -> list[dict[str, Any]]:
    """Return `documents` like `checked`. Raises `InputError` also where they are of several
    firms: no firm may read of another."""
    known = checked(documents)
    firms = sorted({document["firm"] for document in known})
    if len(firms) > 1:
        what = f"of {len(firms)} firms ({', '.join(firms)}), and a report is on one"
        raise InputError([Problem("documents", what)], UNTOUCHED)
    return known


def in_order(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the documents by firm and host, so that the same evidence makes the same page."""
    return [dict(item) for item in sorted(documents, key=lambda item: (item["firm"], item["host"]))]


def problems_of(document: Any, where: str) -> list[Problem]:
    """Return why `document` is no evidence document that this release can show."""
    if not isinstance(document, Mapping):
        return [Problem(where, "is no evidence document: not a dictionary")]
    schema = document.get("schema")
    if schema != SCHEMA:
        return [Problem(where, f"has the schema {schema!r}, this release reads {SCHEMA!r}")]
    problems = _lacking(document, _DOCUMENT, where)
    firm = document.get("firm", "")
    if not names_directory(firm):
        problems.append(Problem(where, f"has the firm {firm!r}, which cannot name a directory"))
    for name, keys in _LISTS.items():
        items = document.get(name, ())
        if not isinstance(items, Sequence) or isinstance(items, str):
            problems.append(Problem(where, f"{name} is not a list"))
            continue
        for number, item in enumerate(items, 1):
            place = f"{where}, {name} {number}"
            problems += _lacking(item, keys, place)
            if isinstance(item, Mapping):
                problems += _inside(item, keys, place)
    return problems


def _inside(item: Mapping[str, Any], keys: Sequence[str], place: str) -> list[Problem]:
    problems = _unknown_status(item.get("status", PASS), place) if "status" in keys else []
    for number, evidence in enumerate(item.get("evidence") or (), 1):
        problems += _lacking(evidence, _EVIDENCE, f"{place}, evidence {number}")
    if item.get("bytes"):
        problems += _lacking(item, _MOVED, place)
    return problems


def _unknown_status(status: Any, where: str) -> list[Problem]:
    known = (PASS, WARN, FAIL, NONE)
    if status in known:
        return []
    return [Problem(where, f"has the status {status!r}, this release knows {', '.join(known)}")]


def _lacking(item: Any, keys: Sequence[str], where: str) -> list[Problem]:
    if not isinstance(item, Mapping):
        return [Problem(where, "is not a dictionary")]
    missing = [key for key in keys if key not in item]
    if not missing:
        return []
    return [Problem(where, f"lacks {', '.join(missing)}: prove that host again with this release")]
