# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of files that is brought to a wanted state: all of them or none, each one whole, and
directories of ours removed when they are empty."""

from __future__ import annotations

import dataclasses
import os
from contextlib import contextmanager, suppress
from typing import Iterator, Mapping, Union

from .._model.errors import TimesensorError
from .paths import CREATED_DIRS, OWN_DIRS, STATE_DIR, WRITTEN_DIRS

Content = Union[bytes, "Link"]

_TEMPORARY = ".legalops_timesensor."


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
    """Return those of `wanted` that are not so now; None means that nothing must be there.

    Raises `TimesensorError` when one cannot be read.
    """
    found = {}
    for path, content in wanted.items():
        try:
            if current(path) != content:
                found[path] = content
        except OSError as error:
            raise TimesensorError(
                f"{path} cannot be read: {error.strerror}. Nothing was changed."
            ) from error
    return found


def leftovers() -> dict[str, Content | None]:
    """Return the temporary files that a killed run has left, as files that must not be."""
    return {
        f"{directory}/{name}": None
        for directory in WRITTEN_DIRS
        if os.path.isdir(directory)
        for name in sorted(os.listdir(directory))
        if name.startswith(_TEMPORARY)
    }


class StagedFiles:
    """Changes whose new contents are on the disk already, under temporary names."""

    def __init__(self, changes: Mapping[str, Content | None]) -> None:
        self._changes = changes
        self._before = {path: current(path) for path in changes}
        self._staged: dict[str, str] = {}
        self._made: list[str] = []

    def stage(self) -> None:
        """Write all new contents. What a full or read-only disk refuses is refused here."""
        for path, content in self._changes.items():
            if content is not None:
                self._ensure_directory(os.path.dirname(path))
                self._staged[path] = _temporary(path)
                _write(self._staged[path], content)

    def commit(self) -> None:
        """Give the staged files their names, then remove what must not be, the last one first: a
        unit goes before the program that it starts.

        Raises `OSError` after putting back what was there.
        """
        begun: list[str] = []
        removals = [path for path, content in self._changes.items() if content is None]
        try:
            for path, temporary in self._staged.items():
                begun.append(path)
                os.rename(temporary, path)
                _sync_directory(os.path.dirname(path))
            for path in reversed(removals):
                begun.append(path)
                with suppress(FileNotFoundError):  # a leftover whose name was needed again
                    os.unlink(path)
                _sync_directory(os.path.dirname(path))
        except OSError:
            for path in begun:
                _put_back(path, self._before[path])
            raise
        self._staged.clear()
        self._made.clear()

    def discard(self) -> None:
        """Take away what was staged and not committed, with the directories made for it."""
        for path in self._staged.values():
            with suppress(OSError):
                os.unlink(path)
        if STATE_DIR in self._made:
            with suppress(OSError):
                os.unlink(CREATED_DIRS)
        for path in reversed(self._made):
            with suppress(OSError):
                os.rmdir(path)

    def _ensure_directory(self, directory: str) -> None:
        """Create `directory`, after writing down which parts of it did not exist, so that a removal
        leaves none behind."""
        missing: list[str] = []
        while not os.path.isdir(directory):
            missing.insert(0, directory)
            directory = os.path.dirname(directory)
        outside = [path for path in missing if not path.startswith(OWN_DIRS)]
        if outside:
            self._ensure_directory(STATE_DIR)
            record = "\n".join(dict.fromkeys([*_created_directories(), *outside]))
            _write(_temporary(CREATED_DIRS), record.encode())
            os.rename(_temporary(CREATED_DIRS), CREATED_DIRS)
            _sync_directory(STATE_DIR)
        for path in missing:
            mode = 0o700 if path.startswith(OWN_DIRS) else 0o755
            os.mkdir(path, mode)
            self._made.append(path)
            os.chmod(path, mode)  # whatever the umask is


@contextmanager
def staged(changes: Mapping[str, Content | None]) -> Iterator[StagedFiles]:
    """Stage what `differing` has found; a block that ends without a commit leaves nothing of it.

    Raises `TimesensorError` when the disk does not take it.
    """
    files = StagedFiles(changes)
    try:
        try:
            files.stage()
        except OSError as error:
            raise TimesensorError(
                f"{error.filename or STATE_DIR} cannot be written: {error.strerror}. Nothing was"
                " changed: make room there, or make it writable, and run the task again."
            ) from error
        yield files
    finally:
        files.discard()


def directories_left() -> bool:
    """Tell whether a removal that was killed has left directories of ours behind."""
    empty = any(os.path.isdir(path) and not os.listdir(path) for path in OWN_DIRS)
    return empty or os.path.exists(CREATED_DIRS)


def remove_created_directories() -> None:
    """Remove the directories that were made for our files, deepest first, where they are empty.

    The record of them goes after them, so that a run that is killed here can be done again.
    """
    for path in sorted(_created_directories(), key=len, reverse=True):
        with suppress(OSError):  # somebody put something there, or it is gone already
            os.rmdir(path)
    with suppress(FileNotFoundError):
        os.unlink(CREATED_DIRS)
    for path in OWN_DIRS:
        with suppress(OSError):
            os.rmdir(path)


def _created_directories() -> list[str]:
    record = current(CREATED_DIRS)
    return list(filter(None, record.decode().split("\n"))) if isinstance(record, bytes) else []


def _temporary(path: str) -> str:
    # Hidden, and without the suffix of a policy or a unit: nobody takes it for one.
    return f"{os.path.dirname(path)}/{_TEMPORARY}{os.path.basename(path)}.new"


def _write(path: str, content: Content) -> None:
    """Write a temporary file down to the disk, so that its later rename leaves no half file even
    when the power goes."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    if isinstance(content, Link):
        os.symlink(content.target, path)
        return
    try:
        with open(path, "xb") as stream:
            os.fchmod(stream.fileno(), 0o600 if path.startswith(OWN_DIRS) else 0o644)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        error.filename = path  # a failed write does not name its file
        raise


def _put_back(path: str, content: Content | None) -> None:
    with suppress(OSError):  # the disk has just failed; the next run finds the difference
        if content is None:
            os.unlink(path)
        else:
            _write(_temporary(path), content)
            os.rename(_temporary(path), path)


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
