# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's exceptions: utilities raise them, modules translate them into C(fail_json)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any


class TimesensorError(Exception):
    """Something could not be done. The message says what, on which value, and what was left
    untouched.

    `details` goes into the module's result beside `msg` (for example `conflicts`).
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class UnsupportedError(TimesensorError):
    """The host lacks something that is needed (nft, root), or the part is not written yet."""


@dataclasses.dataclass(frozen=True, order=True)
class Problem:
    """One mistake in the input: `where` names the flow and the field, `what` the value and the rule
    it breaks."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class InputError(TimesensorError):
    """The input is wrong. Carries every problem that was found, so that one run shows them all."""

    def __init__(self, problems: Iterable[Problem], untouched: str = "nothing was changed") -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        count = len(self.problems)
        noun = "mistake" if count == 1 else "mistakes"
        super().__init__(
            f"{count} {noun} in the input, {untouched}:{lines}",
            errors=[dataclasses.asdict(problem) for problem in self.problems],
        )
