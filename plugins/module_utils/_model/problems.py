# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collecting every mistake of an input before anything is reported."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

from .errors import InputError, Problem


class ValueProblem(ValueError):
    """One value is wrong; the message quotes it and says what would be right."""


class Problems:
    """Collects problems while an input is parsed, so that one error lists them all."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, where: str, what: str) -> None:
        self.found.append(Problem(where, what))

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Record a `ValueProblem` raised inside as a problem of the field `where`, and go on."""
        try:
            yield
        except ValueProblem as problem:
            self.add(where, str(problem))

    def raise_if_any(self) -> None:
        if self.found:
            raise InputError(self.found)


def check_keys(
    problems: Problems, where: str, value: dict[str, Any], allowed: tuple[str, ...]
) -> None:
    """Record every key of `value` that is not in `allowed`."""
    for key in value:
        if key not in allowed:
            problems.add(
                f"{where}, {key}", f"unknown option, the options here are {', '.join(allowed)}"
            )


def one_of(value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` when it is one of `allowed`, else raise."""
    if value not in allowed:
        raise ValueProblem(f"{value!r} is not one of {', '.join(allowed)}")
    return str(value)
