# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks' arithmetic, table and file, without any benchmark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench import report
from bench.figures import OURS, RATIO, Budget, Row, Usage, ratio_of_pairs, rotated


def test_a_difference_keeps_the_memory_of_the_run_itself() -> None:
    assert Usage(5.0, 3.0, 24.0).minus(Usage(1.0, 0.5, 20.0)) == Usage(4.0, 2.5, 24.0)


def test_the_ratio_is_the_median_of_the_pairs_ratios() -> None:
    """Not the ratio of the medians (2 / 4), whose figures are of different rounds."""
    assert ratio_of_pairs((1, 2, 30), (4, 2, 40)) == 0.75


def test_a_pair_without_a_rivals_figure_above_0_makes_no_ratio() -> None:
    assert ratio_of_pairs((1, 2), (0, 4)) == 0.5
    assert ratio_of_pairs((1,), (-0.1,)) is None


def test_each_round_begins_with_another() -> None:
    assert [rotated("abc", turn) for turn in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


@pytest.mark.parametrize(
    ("budget", "met"),
    [
        (None, None),
        (Budget(RATIO, 0.5), True),
        (Budget(RATIO, 0.49), False),
        (Budget(OURS, 2), True),
        (Budget(OURS, 1.9), False),
    ],
)
def test_a_budget_is_met_up_to_its_limit(budget: Budget | None, met: bool | None) -> None:
    assert Row("x", "s", (1, 2, 3), (2, 4, 6), "curl", budget).met is met


def test_no_ratio_is_no_success() -> None:
    assert Row("x", "s", (1,), (0,), "curl", Budget(RATIO, 1)).met is None


@pytest.mark.parametrize(
    ("ours", "theirs", "rival", "budget", "message"),
    [
        ((), (), "", None, "x: no figure was taken"),
        ((1, 2), (1,), "curl", None, "x: 2 figures of ours and 1 of curl are no pairs"),
        ((1,), (), "curl", None, "x: a rival needs a name and figures"),
        ((1,), (1,), "", None, "x: a rival needs a name and figures"),
        ((1,), (), "", Budget(RATIO, 1), "x: a limit on the ratio needs a rival"),
    ],
)
def test_a_row_that_says_nothing_is_refused(
    ours: tuple[float, ...],
    theirs: tuple[float, ...],
    rival: str,
    budget: Budget | None,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        Row("x", "s", ours, theirs, rival, budget)


ROWS = [
    Row("download: CPU", "s", (0.1, 0.3, 0.2), (0.4, 0.4, 0.4), "curl", Budget(RATIO, 0.85)),
    Row("memory", "MiB", (41.25,), budget=Budget(OURS, 40), decimals=1),
    Row("packets", "", (14996.0,), decimals=0),
]


def test_the_table_is_aligned() -> None:
    assert report.table(ROWS) == [
        "what               ours   theirs  of    ratio  budget     met",
        "-------------------------------------------------------------",
        "download: CPU   0.200 s  0.400 s  curl  0.50x  <= 0.85x   yes",
        "memory         41.2 MiB                        <= 40 MiB  NO",
        "packets          14996",
    ]


def test_the_summary_names_what_missed_its_budget() -> None:
    assert report.summary(ROWS) == "1 of 2 budgets NOT met: memory"
    slow = Row("download", "s", (1,), (1,), "curl", Budget(RATIO, 0.5))
    assert report.summary([slow]) == "1 of 1 budgets NOT met: download against curl"
    assert report.summary(ROWS[:1]) == "1 of 1 budgets met"
    assert report.summary(ROWS[2:]) == "no budget was measured"


def test_a_row_in_the_file_keeps_its_rounds() -> None:
    assert report.as_dict(ROWS[0]) == {
        "what": "download: CPU",
        "unit": "s",
        "ours": 0.2,
        "theirs": 0.4,
        "rival": "curl",
        "ratio": pytest.approx(0.5),
        "budget": {"of": "ratio", "limit": 0.85},
        "met": True,
        "rounds": {"ours": [0.1, 0.3, 0.2], "theirs": [0.4, 0.4, 0.4]},
    }


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"
    report.save(path, {"schema": report.SCHEMA})
    assert json.loads(path.read_text()) == {"schema": report.SCHEMA}
    assert [entry.name for entry in path.parent.iterdir()] == ["run.json"]
