# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time: a lock that is gone when its holder dies, and leaves no file behind."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import Iterator

from .._model.errors import TimesensorError
from .paths import LOCK_FILE

_POLL_S = 0.1


@contextmanager
def host_lock(wait_s: float = 60, path: str = LOCK_FILE) -> Iterator[None]:
    """Hold the host's lock while the block runs.

    Raises `TimesensorError` when another run holds it longer than `wait_s` seconds.
    """
    deadline = time.monotonic() + wait_s
    while True:
        descriptor = _open(path)
        if _locked(descriptor, deadline) and _is_still_at(descriptor, path):
            break
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise TimesensorError(
                f"another run holds {path} for more than {wait_s:g} s; nothing was changed, try"
                " again when it has ended"
            )
    try:
        yield
    finally:
        os.unlink(path)  # while the lock is held: whoever waits sees that the file is another one
        os.close(descriptor)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TimesensorError(
            f"the lock {path} cannot be opened: {error.strerror}. Nothing was changed."
        ) from error


def _locked(descriptor: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)


def _is_still_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
