# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the items of a list option: what targets and listeners have in common."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple, Sequence, Tuple

from .._model.problems import Problems, check_keys


class Item(NamedTuple):
    """One item: how messages call it, and its id."""

    where: str
    id: str


def open_item(
    value: Any, number: int, noun: str, fields: Tuple[str, ...], example: str, problems: Problems
) -> Item | None:
    """Begin to read an item; record unknown options and a missing id. None for what is no mapping.

    `noun` is what one item is called (target, listener), `example` what it holds.
    """
    if not isinstance(value, Mapping):
        problems.add(f"{noun} number {number}", f"{value!r} is not a mapping with {example}")
        return None
    where = f"{noun} {value['id']}" if value.get("id") else f"{noun} number {number}"
    check_keys(problems, where, dict(value), fields)
    identifier = str(value.get("id") or "")
    if not identifier:
        problems.add(f"{where}, id", f"every {noun} needs an id")
    return Item(where, identifier)


def check_unique_ids(values: Sequence[Any], noun: str, problems: Problems) -> None:
    """Record every id that is used more than once."""
    ids = [str(value["id"]) for value in values if isinstance(value, Mapping) and value.get("id")]
    for double in duplicates(ids):
        problems.add(
            f"{noun} {double}, id", f"{double!r} is used more than once, ids must be unique"
        )


def duplicates(values: Iterable[str]) -> list[str]:
    """Return each value that stands in `values` more than once, in order of appearance."""
    seen: dict[str, int] = {}
    for value in values:
        seen[value] = seen.get(value, 0) + 1
    return [value for value, count in seen.items() if count > 1]
