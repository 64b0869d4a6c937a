# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of files that is brought to a wanted state: each one whole or not at all, and empty
directories of ours removed."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from typing import Mapping, Union

from .paths import STATE_DIR

Content = Union[bytes, "Link"]

_CREATED_DIRS = f"{STATE_DIR}/created_dirs"


@dataclasses.dataclass(frozen=True)
class Link:
    """A symbolic link to `target`."""

    target: str


def current(path: str) -> Content | None:
    """Return what is at `path`, or None."""
    try:
        if os.path.islink(path):
            return Link(os.readlink(path))
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def differing(wanted: Mapping[str, Content | None]) -> dict[str, Content | None]:
    """Return those of `wanted` that are not so now; None means that nothing must be there."""
    return {path: content for path, content in wanted.items() if current(path) != content}


def bring_about(changes: Mapping[str, Content | None]) -> None:
    """Write and remove what `differing` has found, in order."""
    for path, content in changes.items():
        if content is None:
            _remove(path)
        else:
            _ensure_directory(os.path.dirname(path))
            _write(path, content)


def _write(path: str, content: Content) -> None:
    """Replace `path` in one step: a reader, or a power cut, meets the old content or the new
    one."""
    directory = os.path.dirname(path)
    if isinstance(content, Link):
        temporary = f"{directory}/.legalops_timesensor.{os.getpid()}"
        os.symlink(content.target, temporary)
    else:
        descriptor, temporary = tempfile.mkstemp(prefix=".legalops_timesensor.", dir=directory)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            os.fchmod(stream.fileno(), 0o600 if path.startswith(STATE_DIR) else 0o644)
            stream.flush()
            os.fsync(stream.fileno())
    os.rename(temporary, path)
    _sync_directory(directory)


def _remove(path: str) -> None:
    os.unlink(path)
    _sync_directory(os.path.dirname(path))


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ensure_directory(directory: str) -> None:
    """Create `directory` and remember which parts of it did not exist, so that a removal leaves
    none behind."""
    missing = []
    while not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    for path in reversed(missing):
        os.mkdir(path, 0o700 if path.startswith(STATE_DIR) else 0o755)
    outside = [path for path in missing if not path.startswith(STATE_DIR)]
    if outside:
        _ensure_directory(STATE_DIR)
        known = current(_CREATED_DIRS)
        lines = known.decode().split("\n") if isinstance(known, bytes) else []
        _write(_CREATED_DIRS, "\n".join([*outside, *lines]).encode())


def remove_created_directories(extra: tuple[str, ...]) -> None:
    """Remove the directories that were made for our files, deepest first, where they are empty;
    then those in `extra`."""
    known = current(_CREATED_DIRS)
    created = known.decode().split("\n") if isinstance(known, bytes) else []
    if isinstance(known, bytes):
        _remove(_CREATED_DIRS)
    for path in [*sorted(filter(None, created), key=len, reverse=True), *extra]:
        try:
            os.rmdir(path)
        except OSError:
            continue  # somebody put something there, or it is gone already
