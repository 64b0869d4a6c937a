# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of the verdicts: what no file explains is never ok, and one file is enough for a
new one.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts import engine, named

SIZE = 1 << 30
GOOD: dict[str, Any] = {
    "host": "update.vendor.test",
    "port": 21,
    "path": "p.bin",
    "address": "203.0.113.21",
    "family": "ipv4",
    "witnessed": True,
    "phase": "done",
    "failure": None,
    "connects": [],
    "attempts": [],
    "mode": "epsv",
    "wanted_mode": "auto",
    "size": SIZE,
    "size_source": "SIZE",
    "size_on_server": SIZE,
    "transfer": {
        "end": "eof",
        "bytes": SIZE,
        "seconds": 10.0,
        "mbit": 858.99,
        "worst_window_mbit": 800.0,
        "longest_gap": {"seconds": 0.1, "offset": 0},
        "verify": {"mode": "pattern", "passed": True, "damage": None},
    },
    "final": {"code": 226, "text": "226 done"},
    "control": {"noop": "answered", "tcp": {"unacked": 0, "retransmits": 0}},
    "limits": {"min_mbit": None, "min_mbit_window": None, "deadline": None},
}


def changed(**changes: Any) -> dict[str, Any]:
    """Return the good observation with some values replaced; C(transfer__end) goes one level
    down.
    """
    found = copy.deepcopy(GOOD)
    for name, value in changes.items():
        place, _unused, inner = name.partition("__")
        if inner:
            found[place][inner] = value
        else:
            found[place] = value
    return found


def test_a_good_download_is_ok() -> None:
    result = engine.result_of(GOOD)
    assert (result["ok"], result["verdict"], result["verified"]) == (True, "ok", True)
    assert result["fix"] == ""
    assert result["notes"] == []


DAMAGE = {"offset": 5, "kind": "bit_flipped", "detail": "1 byte changed, xor 0x01"}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"transfer__bytes": SIZE - 1}, "truncated"),
        ({"transfer__bytes": SIZE + 1}, "corrupted"),
        ({"transfer__bytes": SIZE + SIZE // 256}, "ascii_rewritten"),
        ({"transfer__verify": {"mode": "pattern", "passed": False, "damage": DAMAGE}}, "corrupted"),
        ({"transfer__end": "stall"}, "silent_stall"),
        ({"transfer__end": "max_bytes"}, "ok_partial"),
        ({"size": None, "size_on_server": None}, "ok_partial"),
        ({"final": {"code": 451, "text": "451 no"}}, "server_aborted"),
        ({"final": None}, "unexplained"),
        ({"transfer__end": "error"}, "unexplained"),
        ({"transfer__end": "something new"}, "unexplained"),
        ({"transfer": None}, "unexplained"),
        ({"phase": "something new"}, "unexplained"),
        ({"limits__min_mbit": 900.0}, "below_min_rate"),
        ({"limits__min_mbit_window": 801.0}, "below_min_rate"),
        ({"limits__min_mbit": 800.0, "limits__min_mbit_window": 800.0}, "ok"),
        ({"size": SIZE + 1}, "server_wrong_file"),
        ({"size": 0, "size_on_server": 0, "transfer__bytes": 0}, "server_wrong_file"),
    ],
)
def test_verdicts(changes: dict[str, Any], verdict: str) -> None:
    result = engine.result_of(changed(**changes))
    assert result["verdict"] == verdict
    assert result["ok"] is (verdict == "ok")
    assert result["verified"] is (verdict == "ok")
    assert bool(result["fix"]) is (verdict != "ok")
    assert result["evidence"]


def test_damage_and_an_early_end_is_damage() -> None:
    """Truncation must not hide that what came was wrong already."""
    verify = {"mode": "pattern", "passed": False, "damage": DAMAGE}
    seen = changed(transfer__bytes=100, transfer__verify=verify)
    assert engine.classify(seen).name == "corrupted"


_FAILURE = st.none() | st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["timeout", "refused", "unreachable", "reset", "closed", "reply", "protocol"]
            + ["deadline", "dns", "local", "stall", "error", "endless"]
        ),
        "text": st.just("text"),
        "error": st.just(""),
        "reply": st.none() | st.just({"code": 425, "text": "425 no"}),
    }
)


@given(
    phase=st.sampled_from(
        ["resolve", "connect", "greeting", "login", "prepare", "data", "retrieve", "transfer"]
        + ["final_reply", "done"]
    ),
    failure=_FAILURE,
    end=st.sampled_from(["eof", "reset", "stall", "deadline", "max_bytes", "endless", "error"]),
    got=st.sampled_from([0, 1, SIZE - 1, SIZE, SIZE + 1]),
    size=st.sampled_from([None, SIZE]),
    passed=st.sampled_from([True, False, None]),
    final=st.sampled_from([None, 150, 226, 250, 426, 451]),
    mode=st.sampled_from(["auto", "active"]),
)
def test_ok_means_ok(
    phase: str,
    failure: dict[str, Any] | None,
    end: str,
    got: int,
    size: int | None,
    passed: bool | None,
    final: int | None,
    mode: str,
) -> None:
    """Whatever was observed there is one verdict, and it is ok only when nothing is wrong."""
    if failure is not None and failure["kind"] == "reply":
        failure = {**failure, "reply": {"code": 425, "text": "425 no"}}
    elif failure is not None:
        failure = {**failure, "reply": None}
    seen = changed(
        phase=phase,
        failure=failure,
        wanted_mode=mode,
        size=size,
        size_on_server=size,
        transfer__end=end,
        transfer__bytes=got,
        transfer__verify={"mode": "pattern", "passed": passed, "damage": None},
        final=None if final is None else {"code": final, "text": str(final)},
    )
    result = engine.result_of(seen)
    good = (
        phase == "done"
        and failure is None
        and end == "eof"
        and got == size
        and passed is not False
        and final in (226, 250)
    )
    assert result["ok"] is good
    assert bool(result["fix"]) is not good


@pytest.fixture
def further_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # All files in another folder: Ansible's own loader knows no package of two folders.
    folder = shutil.copytree(named.__path__[0], tmp_path / "named")
    (folder / "on_sunday.py").write_text(
        "RANK = 1\n\ndef applies(seen):\n    from ..seen import failed\n"
        "    return failed('on_sunday', 'high', (), 'wait') if seen['port'] == 2121 else None\n"
    )
    monkeypatch.setattr(named, "__path__", [str(folder)])
    engine.rules.cache_clear()
    yield
    engine.rules.cache_clear()


@pytest.mark.usefixtures("further_verdict")
def test_a_new_verdict_is_one_new_file() -> None:
    assert engine.classify(changed(port=2121)).name == "on_sunday"
    assert engine.classify(GOOD).name == "ok"


def test_names_and_ranks() -> None:
    found = engine.rules()
    assert len({rule.rank for rule in found}) == len(found)
    assert found[-1].name == "ok"
