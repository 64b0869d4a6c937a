# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test package: one seeded file, written once in place and reused while it is right.

No sidecar remembers the seed: the content does. Reusing compares size, mode and the whole content
by default: a memcmp
of 1 GiB takes a second, and a damaged file that is served as good would make every later verdict
wrong.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
from typing import Any, Dict, List, Optional, Tuple

from .._model.errors import Problem, TimesensorError
from .pattern import DEFAULT_SIZE, MAX_SIZE, MIN_SIZE, PERIOD, Pattern

PRESENT = "present"
ABSENT = "absent"
MODE = 0o644
# What stays free beside the file, so that a full disk is never our doing.
_RESERVE = 64 << 20
_SUFFIX = ".legalops-partial"


def argument_spec() -> Dict[str, Any]:
    """Return the module's argument specification."""
    return {
        "path": {"type": "path", "required": True},
        "size": {"type": "int", "default": DEFAULT_SIZE},
        "seed": {"type": "str", "default": "timesensor"},
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        "checksum": {"type": "bool", "default": False},
    }


def find_problems(params: Dict[str, Any]) -> Tuple[Problem, ...]:
    """Return every mistake in the parameters."""
    found: List[Problem] = []
    size, path = params.get("size"), params.get("path")
    if isinstance(size, int) and not MIN_SIZE <= size <= MAX_SIZE:
        found.append(
            Problem("size", f"{size} is not from {MIN_SIZE} (1 MiB) to {MAX_SIZE} (10 GiB) bytes")
        )
    if isinstance(path, str) and not os.path.isabs(path):
        found.append(Problem("path", f"{path!r} is not an absolute path"))
    if params.get("seed") == "":
        found.append(Problem("seed", "is empty"))
    return tuple(found)


def ensure_package(params: Dict[str, Any], check_mode: bool) -> Dict[str, Any]:
    """Bring the file into the wanted state; in check mode say only what would change.

    Returns C(changed), C(diff), C(path), C(size), C(seed), C(sha256) (empty when nobody computed
    it) and C(reason).
    Raises `TimesensorError` when there is no room, no directory, or something else than a file in
    the way.
    """
    path, wanted = params["path"], params["state"] == PRESENT
    # What an interrupted run left is never finished: its content is unknown, and writing is quick.
    leftover = os.path.exists(path + _SUFFIX)
    before = _status(path)
    result: Dict[str, Any] = {"path": path, "sha256": ""}
    if not wanted:
        result.update(changed=before is not None or leftover, size=0, seed="")
        result["reason"] = "it is there" if before is not None else ""
        if result["changed"] and not check_mode:
            _remove(path + _SUFFIX)
            _remove(path)
        result["diff"] = _diff(path, _describe(before), [])
        return result
    size, seed = params["size"], params["seed"]
    pattern = Pattern(seed)
    reason, digest = _difference(path, before, size, pattern, params["checksum"])
    result.update(changed=bool(reason), size=size, seed=seed, reason=reason, sha256=digest)
    if reason == "mode":
        if not check_mode:
            os.chmod(path, MODE)
    elif reason:
        _check_room(path, size, before)
        if not check_mode:
            result["sha256"] = _write(path, size, pattern)
    elif leftover:
        result.update(changed=True, reason="what an interrupted run left stands beside it")
        if not check_mode:
            _remove(path + _SUFFIX)
    after = [f"size: {size}", f"seed: {seed}", f"mode: {MODE:04o}"]
    result["diff"] = _diff(path, _describe(before, reason, seed), after)
    return result


def _status(path: str) -> Optional[os.stat_result]:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise TimesensorError(
            f"{path} is there and no regular file; it was left alone. Give another path or remove"
            " it."
        )
    return found


def _difference(
    path: str, found: Optional[os.stat_result], size: int, pattern: Pattern, digest: bool
) -> Tuple[str, str]:
    """Return why the file must be written (empty: it is right; C(mode): only that), and its
    digest if wanted.
    """
    if found is None:
        return "it is not there", ""
    if found.st_size != size:
        return f"its size is {found.st_size}", ""
    hasher = hashlib.sha256() if digest else None
    buffer = bytearray(PERIOD)
    view = memoryview(buffer)
    offset = 0
    try:
        with open(path, "rb", buffering=0) as file:
            while offset < size:
                count = file.readinto(buffer)
                if not count:
                    return f"it ends at {offset}", ""
                piece = view[:count]
                if not pattern.holds(piece, offset):
                    first = offset + pattern.first_difference(piece, offset)
                    return f"its content differs from offset {first}", ""
                if hasher is not None:
                    hasher.update(piece)
                offset += count
    except OSError as error:
        return f"it cannot be read: {error.strerror}", ""
    reason = "" if stat.S_IMODE(found.st_mode) == MODE else "mode"
    return reason, hasher.hexdigest() if hasher is not None else ""


def _check_room(path: str, size: int, before: Optional[os.stat_result]) -> None:
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        raise TimesensorError(f"The directory {directory} does not exist; nothing was written.")
    free = os.statvfs(directory)
    # The file before stays until the new one is whole, so it frees nothing.
    room = free.f_bavail * free.f_frsize
    partial = path + _SUFFIX
    if os.path.exists(partial):
        room += os.lstat(partial).st_blocks * 512
    if room < size + _RESERVE:
        raise TimesensorError(
            f"{path} needs {size} bytes and {_RESERVE} in reserve, and {directory} has only {room}"
            " free;"
            " nothing was written. Make room or choose a smaller size.",
            needed=size + _RESERVE,
            free=room,
        )


def _write(path: str, size: int, pattern: Pattern) -> str:
    """Write beside the final place, then rename: nobody is ever served half a file. Returns the
    digest.
    """
    partial = path + _SUFFIX
    _remove(partial)
    hasher = hashlib.sha256()
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _allocate(descriptor, size)
            for chunk in pattern.chunks(size):
                hasher.update(chunk)
                _write_all(descriptor, chunk)
            os.fchmod(descriptor, MODE)
            os.fsync(file.fileno())
        os.rename(partial, path)
        _sync_directory(os.path.dirname(path))
    except OSError as error:
        _unlink(partial)
        raise TimesensorError(
            f"Writing {path} failed: {error.strerror}; what was there before is untouched."
        ) from error
    return hasher.hexdigest()


def _allocate(descriptor: int, size: int) -> None:
    """Reserve the blocks, so that a disk that fills up meanwhile fails now and not in the
    middle.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)


def _write_all(descriptor: int, chunk: memoryview) -> None:
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: str) -> None:
    try:
        if not _is_being_written(path):
            _unlink(path)
            return
    except OSError as error:
        raise TimesensorError(f"Removing {path} failed: {error.strerror}.") from error
    raise TimesensorError(
        f"Another run writes {path} just now; it was left alone. Run again when it is over."
    )


def _is_being_written(path: str) -> bool:
    """Tell whether a run of ours has it open: it holds a lock, which ends with its process."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _describe(found: Optional[os.stat_result], reason: str = "", seed: str = "") -> List[str]:
    if found is None:
        return []
    lines = [f"size: {found.st_size}"]
    if reason in ("", "mode"):
        lines += [f"seed: {seed}"] if seed else []
    else:
        lines.append(f"seed: not {seed}, {reason}")
    return [*lines, f"mode: {stat.S_IMODE(found.st_mode):04o}"]


def _diff(path: str, before: List[str], after: List[str]) -> Dict[str, str]:
    return {
        "before_header": path,
        "after_header": path,
        "before": "".join(f"{line}\n" for line in before),
        "after": "".join(f"{line}\n" for line in after),
    }
