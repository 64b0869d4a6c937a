# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic: pairs of figures, their medians and ratios, and budgets.

Figures are taken in alternating rounds, ours and a rival's shortly after each other, so that a busy
moment of the machine falls on both. A ratio is the median of the rounds' ratios, not the ratio of
two medians that may come from different moments.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

# What a budget limits.
RATIO, OURS = "ratio", "ours"


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a command took. `cpu` is user and system time in seconds, of the command and of all its
    descendants that were waited for; `wall` is in seconds; `rss_mib` is the largest memory of one
    process, None where it was not asked for."""

    wall: float
    cpu: float
    rss_mib: float | None = None

    def minus(self, base: Usage) -> Usage:
        """Return what this run took more than `base`; its own memory, for that does not add up."""
        return Usage(self.wall - base.wall, self.cpu - base.cpu, self.rss_mib)


@dataclasses.dataclass(frozen=True)
class Budget:
    """An upper limit on the ratio to a rival, or on our own figure."""

    of: str
    limit: float

    def __post_init__(self) -> None:
        if self.of not in (RATIO, OURS):
            raise ValueError(f"a budget limits {RATIO!r} or {OURS!r}, not {self.of!r}")


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table.

    `ours` and `theirs` are the figures of the rounds in `unit`, in the order in which they were
    taken; without a rival `theirs` is empty. `decimals` is for people only.
    """

    what: str
    unit: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()
    rival: str = ""
    budget: Budget | None = None
    decimals: int = 3

    def __post_init__(self) -> None:
        if not self.ours:
            raise ValueError(f"{self.what}: no figure was taken")
        if self.theirs and len(self.theirs) != len(self.ours):
            raise ValueError(
                f"{self.what}: {len(self.ours)} figures of ours and {len(self.theirs)} of"
                f" {self.rival} are no pairs"
            )
        if bool(self.theirs) != bool(self.rival):
            raise ValueError(f"{self.what}: a rival needs a name and figures")
        if self.budget is not None and self.budget.of == RATIO and not self.theirs:
            raise ValueError(f"{self.what}: a limit on the ratio needs a rival")

    @property
    def our_median(self) -> float:
        """The middle one of our figures."""
        return statistics.median(self.ours)

    @property
    def their_median(self) -> float | None:
        """The middle one of the rival's figures; None without a rival."""
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios, ours to theirs; None where there is none.

        A rival's figure of 0 or less, which a difference of two noisy runs can give, makes no
        ratio.
        """
        return ratio_of_pairs(self.ours, self.theirs)

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None without one, or where no ratio could be made."""
        if self.budget is None:
            return None
        figure = self.ratio if self.budget.of == RATIO else self.our_median
        return None if figure is None else figure <= self.budget.limit


def ratio_of_pairs(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return the median of the ratios of the pairs whose second figure is above 0."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=False) if other > 0]
    return statistics.median(ratios) if ratios else None


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """Return the names in another order for each turn, so that none always comes first."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]
