# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_package on a real file system."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp import package
from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.package import (
    argument_spec,
    ensure_package,
    find_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.pattern import Pattern
from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    TimesensorError,
)

SIZE = (1 << 20) + 4321


def params(path: Path, **more: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in argument_spec().items()}
    return {**defaults, "path": str(path), "size": SIZE, **more}


def content(seed: str = "timesensor") -> bytes:
    return b"".join(Pattern(seed).chunks(SIZE))


def test_written_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "p.bin"
    first = ensure_package(params(path), False)
    assert first["changed"] is True
    assert path.read_bytes() == content()
    assert path.stat().st_mode & 0o7777 == 0o644
    assert first["sha256"] == hashlib.sha256(content()).hexdigest()
    inode = path.stat().st_ino
    second = ensure_package(params(path), False)
    assert (second["changed"], second["sha256"]) == (False, "")
    assert second["diff"]["before"] == second["diff"]["after"]
    third = ensure_package(params(path, checksum=True), False)
    assert (third["changed"], third["sha256"]) == (False, first["sha256"])
    assert path.stat().st_ino == inode
    assert os.listdir(str(tmp_path)) == ["p.bin"]


def flip_last(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "more", "reason"),
    [
        (flip_last, {}, f"its content differs from offset {SIZE - 1}"),
        (lambda path: os.truncate(str(path), SIZE - 1), {}, f"its size is {SIZE - 1}"),
        (lambda path: None, {"seed": "other"}, "its content differs from offset 0"),
        (lambda path: path.chmod(0o600), {}, "mode"),
        (lambda path: path.unlink(), {}, "it is not there"),
    ],
)
def test_what_is_wrong_is_found_and_mended(
    tmp_path: Path, harm: Any, more: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "p.bin"
    ensure_package(params(path), False)
    harm(path)
    before = path.read_bytes() if path.exists() else None
    foretold = ensure_package(params(path, **more), True)
    assert (foretold["changed"], foretold["reason"]) == (True, reason)
    assert (path.read_bytes() if path.exists() else None) == before
    done = ensure_package(params(path, **more), False)
    assert (done["changed"], done["reason"]) == (True, reason)
    assert done["diff"] == foretold["diff"]
    assert done["diff"]["before"] != done["diff"]["after"]
    assert path.read_bytes() == content(more.get("seed", "timesensor"))
    assert path.stat().st_mode & 0o7777 == 0o644


def test_absent(tmp_path: Path) -> None:
    path = tmp_path / "p.bin"
    gone = params(path, state="absent")
    assert ensure_package(gone, False)["changed"] is False
    ensure_package(params(path), False)
    (tmp_path / "p.bin.legalops-partial").write_bytes(b"left over")
    assert ensure_package(gone, True)["changed"] is True
    assert path.exists()
    assert ensure_package(gone, False)["changed"] is True
    assert os.listdir(str(tmp_path)) == []


def test_what_an_interrupted_run_left_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "p.bin"
    ensure_package(params(path), False)
    partial = tmp_path / "p.bin.legalops-partial"
    partial.write_bytes(b"half")
    assert ensure_package(params(path), True)["changed"] is True
    assert partial.exists()
    assert ensure_package(params(path), False)["reason"].startswith("what an interrupted run left")
    assert os.listdir(str(tmp_path)) == ["p.bin"]
    assert path.read_bytes() == content()
    partial.mkdir()
    with pytest.raises(TimesensorError, match="Is a directory"):
        ensure_package(params(path, seed="other"), False)
    assert path.read_bytes() == content()


def test_two_runs_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "p.bin"
    with (tmp_path / "p.bin.legalops-partial").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for more in ({}, {"state": "absent"}):
            with pytest.raises(TimesensorError, match="Another run writes"):
                ensure_package(params(path, **more), False)
    ensure_package(params(path), False)
    assert path.read_bytes() == content()


def test_no_room(tmp_path: Path) -> None:
    path = tmp_path / "p.bin"
    huge = os.statvfs(str(tmp_path)).f_bavail * os.statvfs(str(tmp_path)).f_frsize
    for check in (True, False):
        with pytest.raises(TimesensorError) as caught:
            ensure_package(params(path, size=huge), check)
        assert "nothing was written" in caught.value.message
    assert os.listdir(str(tmp_path)) == []


def test_no_directory_and_no_regular_file(tmp_path: Path) -> None:
    with pytest.raises(TimesensorError, match="does not exist; nothing was written"):
        ensure_package(params(tmp_path / "no" / "p.bin"), False)
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(TimesensorError, match="no regular file; it was left alone"):
        ensure_package(params(tmp_path / "link"), False)


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.bin"
    path.write_bytes(b"before")

    def full(descriptor: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(package, "_allocate", full)
    with pytest.raises(TimesensorError, match="No space left on device; what was there before"):
        ensure_package(params(path), False)
    assert path.read_bytes() == b"before"
    assert os.listdir(str(tmp_path)) == ["p.bin"]


def test_all_input_errors_at_once() -> None:
    found = find_problems({"path": "relative", "size": 5, "seed": ""})
    assert [problem.where for problem in found] == ["size", "path", "seed"]
    assert not find_problems({"path": "/a", "size": 10 << 30, "seed": "x"})
    assert find_problems({"path": "/a", "size": (10 << 30) + 1, "seed": "x"})
