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
        "last_byte_seconds": 10.0,
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


REST = {"experiment": "after_break", "offset": 400, "bytes": 390, "result": "stall"}
BROKEN = {"end": "stall", "bytes": 400, "last_byte_seconds": 2.0}


@pytest.mark.parametrize(
    ("rest", "verdict", "confidence"),
    [
        ({}, "byte_cap", "high"),
        ({"result": "reset"}, "byte_cap", "high"),
        # At the same place of the file: what stands there is the cause.
        ({"offset": 40, "bytes": 361}, "silent_stall", "high"),
        # From the start again: the place and the number are the same.
        ({"offset": 0, "bytes": 400}, "byte_cap", "medium"),
        ({"bytes": 5}, "silent_stall", "high"),
        ({"result": "received", "bytes": 400}, "silent_stall", "high"),
        ({"result": "timeout", "bytes": 0}, "silent_stall", "high"),
    ],
)
def test_a_limit_is_met_again_after_as_many_bytes(
    rest: dict[str, Any], verdict: str, confidence: str
) -> None:
    transfer = {**GOOD["transfer"], **BROKEN}
    rest = {**REST, "last_byte_seconds": 1.0, **rest}
    found = engine.classify(changed(transfer=transfer, final=None, experiments=[rest]))
    assert (found.name, found.confidence) == (verdict, confidence)


def test_as_many_bytes_in_as_much_time_may_be_a_timer() -> None:
    transfer = {**GOOD["transfer"], **BROKEN, "last_byte_seconds": 30.0}
    found = engine.classify(
        changed(transfer=transfer, final=None, experiments=[{**REST, "last_byte_seconds": 29.0}])
    )
    assert (found.name, found.confidence) == ("byte_cap", "medium")


def test_what_only_warns_does_not_hide_what_fails() -> None:
    """A file that came whole and too slowly, from a server that names an address of its own."""
    attempt = {"mode": "pasv", "advertised_host": "10.0.0.21", "result": "connected", "port": 4021}
    leaked = {"mode": "pasv", "attempts": [{**attempt, "text": "", "wire": None}]}
    assert engine.classify(changed(**leaked)).name == "pasv_private_address"
    slow = changed(**leaked, limits__min_mbit=900.0)
    assert engine.classify(slow).name == "below_min_rate"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        # Two seconds of nothing happen on a busy line, and prove no proxy.
        ({"transfer__ttfb_ms": 2000.0, "transfer__bytes_at_reply": None}, "ok"),
        # What the server has handed to its kernel is still on the way.
        ({"transfer__ttfb_ms": 10.0, "transfer__bytes_at_reply": SIZE - (8 << 20)}, "ok"),
        ({"transfer__ttfb_ms": 10.0, "transfer__bytes_at_reply": 10}, "held_by_proxy"),
        ({"transfer__ttfb_ms": 4000.0, "transfer__bytes_at_reply": None}, "held_by_proxy"),
    ],
)
def test_a_file_that_is_held_back(changes: dict[str, Any], verdict: str) -> None:
    burst = [
        {"seconds": 9.0, "bytes": 100, "mbit": 0.0},
        {"seconds": 10.0, "bytes": SIZE, "mbit": 9},
    ]
    assert engine.classify(changed(transfer__samples=burst, **changes)).name == verdict


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


# What an experiment leaves in an observation: a trial, or the failure before there was one.
_TRIAL = st.fixed_dictionaries(
    {
        "result": st.sampled_from(["received", "stall", "reset", "timeout", "reply", "deadline"]),
        "text": st.just(""),
        "mode": st.sampled_from(["epsv", "pasv"]),
        "offset": st.sampled_from([0, 1, SIZE // 2]),
        "bytes": st.sampled_from([0, 1, SIZE - 1]),
        "last_byte_seconds": st.sampled_from([0.0, 10.0]),
        "mss": st.sampled_from([None, 1200]),
        "port": st.just(4021),
        "tries": st.just(2),
        "attempts": st.just([]),
    }
)
_BEFORE_IT = st.fixed_dictionaries(
    {"result": st.sampled_from(["timeout", "reset", "reply"]), "text": st.just("no")}
)
_EXPERIMENTS = st.lists(
    st.tuples(
        st.sampled_from(["other_mode", "once_more", "small_segments", "after_break", "keepalive"]),
        _TRIAL,
    ).map(lambda item: {"experiment": item[0], **item[1]})
    | _BEFORE_IT.map(lambda item: {"experiment": "keepalive", **item}),
    max_size=4,
)
_ATTEMPTS = st.lists(
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["epsv", "pasv", "active"]),
            "result": st.sampled_from(["connected", "timeout", "refused", "reply"]),
            "text": st.just("text"),
            "port": st.sampled_from([0, 4021]),
            "advertised_host": st.sampled_from(["", "10.0.0.1", "203.0.113.21", "255.255.255.255"]),
            "control": st.sampled_from(["", "answered", "silent"]),
            "wire": st.none(),
            "turned_away": st.just(""),
        }
    ),
    max_size=2,
)


@given(
    experiments=_EXPERIMENTS,
    attempts=_ATTEMPTS,
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
    mode=st.sampled_from(["auto", "epsv", "pasv", "active"]),
)
def test_ok_means_ok(
    experiments: list[dict[str, Any]],
    attempts: list[dict[str, Any]],
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
        experiments=experiments,
        attempts=attempts,
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
    # A file that came whole is ok, or only a warning about what other clients would meet.
    assert result["status"] in (("pass", "warn") if good else ("warn", "fail"))
    assert result["ok"] is (result["status"] == "pass")
    assert good or not result["ok"]
    assert bool(result["fix"]) is not result["ok"]


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
