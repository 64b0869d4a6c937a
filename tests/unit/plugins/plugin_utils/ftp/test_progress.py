# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Few lines, at the right times, with the right words."""

from __future__ import annotations

import math

import pytest

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_job import parse_look
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_progress import (
    Progress,
    line,
)

GIB = 1 << 30


def lines_of(seconds: float, size: int | None, stop: float = 1.0) -> list[tuple[float, str]]:
    """Simulate a transfer of 1 GiB in `seconds`, looked at twice a second, that stops at a part
    of it.
    """
    now = 0.0
    shown: list[tuple[float, str]] = []
    progress = Progress("ws", "up", lambda text: shown.append((now, text)), lambda: now)
    while now < seconds:
        now += 0.5
        got = math.ceil(GIB * min(now / seconds, stop))
        progress.update({"bytes": got, "size": size, "seconds": now})
    return shown


@pytest.mark.parametrize("seconds", [1.0, 10.0, 60.0, 600.0, 7200.0])
@pytest.mark.parametrize("size", [GIB, None])
def test_never_more_than_twelve_lines(seconds: float, size: int | None) -> None:
    shown = lines_of(seconds, size)
    assert len(shown) <= 12
    if seconds >= 60:
        assert len(shown) >= 4
        assert shown[0][0] <= 6


def test_every_ten_per_cent() -> None:
    percent = [text.split(", ")[1] for _unused, text in lines_of(20.0, GIB)]
    assert percent == [f"{value} %" for value in range(10, 101, 10)]


def test_a_slow_one_says_something_soon_and_keeps_lines_for_its_end() -> None:
    shown = lines_of(600.0, GIB)
    assert shown[0][0] <= 6
    assert shown[-1][1].endswith("100 %, 14 Mbit/s")


def test_nothing_new_nothing_shown() -> None:
    assert len(lines_of(600.0, GIB, stop=0.05)) <= 2


@pytest.mark.parametrize(
    ("got", "size", "seconds", "text"),
    [
        (512 << 20, GIB, 5.29, "512 MiB of 1 GiB, 50 %, 812 Mbit/s, 5 s left"),
        (GIB, GIB, 10, "1 GiB of 1 GiB, 100 %, 859 Mbit/s"),
        (3 << 20, GIB, 30, "3.0 MiB of 1 GiB, 0 %, 0.8 Mbit/s, 2 h 50 min left"),
        (3 << 29, 10 << 30, 60, "1.5 GiB of 10 GiB, 15 %, 215 Mbit/s, 6 min left"),
        (20 << 20, None, 2, "20 MiB, 84 Mbit/s"),
        (0, GIB, 0, "0.0 MiB of 1 GiB, 0 %, 0.0 Mbit/s"),
    ],
)
def test_words(got: int, size: int | None, seconds: float, text: str) -> None:
    assert line(got, size, seconds) == text


@pytest.mark.parametrize(
    ("printed", "kind", "content"),
    [
        ('legalops-ftp_path:status\n{"bytes": 5}\n', "status", {"bytes": 5}),
        ('Welcome!\r\nlegalops-ftp_path:result\r\n{"a": 1}\r\nbye\r\n', "result", {"a": 1}),
        ("legalops-ftp_path:status\n\n", "status", {}),
        ("legalops-ftp_path:status\nhalf {\n", "status", {}),
        ("legalops-ftp_path:dead\n", "dead", {}),
        ("legalops-ftp_path:gone\n", "gone", {}),
        ("", "gone", {}),
    ],
)
def test_what_a_look_prints(printed: str, kind: str, content: dict[str, object]) -> None:
    assert parse_look(printed) == (kind, content)
