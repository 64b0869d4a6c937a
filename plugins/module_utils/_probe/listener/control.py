# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder under /run, its lock, and the socket over which the module talks to a running
listener."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import stat
import time
from typing import Any, Iterator

from ..._model.errors import TimesensorError, UnsupportedError

RUN_DIR = "/run/legalops_timesensor"
_PATIENCE = 3.0
_LOCK_PATIENCE = 20.0


@contextlib.contextmanager
def locked(run_dir: str) -> Iterator[None]:
    """Hold the folder's lock: two runs do not mix. Removes the folder at the end when it is empty.

    Raises `UnsupportedError` when the folder cannot be made, `TimesensorError` when it is not ours
    or stays locked.
    """
    folder = _open_and_lock(run_dir)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(run_dir)
        # The listener inherits the descriptor for a moment, so closing ours would not unlock.
        fcntl.flock(folder, fcntl.LOCK_UN)
        os.close(folder)


def socket_path(run_dir: str, name: str) -> str:
    return f"{run_dir}/listener-{name}.sock"


def open_control(run_dir: str, name: str) -> socket.socket:
    """Bind the control socket of a new listener; a stale one of the same name is replaced."""
    path = socket_path(run_dir, name)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.bind(path)
    control.listen(4)
    control.setblocking(False)
    return control


def ask(
    run_dir: str, name: str, command: dict[str, Any], patience: float = _PATIENCE
) -> dict[str, Any] | None:
    """Send a command to a running listener and return its reply, None when none runs.

    Raises `UnsupportedError` for a user who may not ask.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(patience)
        try:
            sock.connect(socket_path(run_dir, name))
            sock.sendall(json.dumps(command).encode() + b"\n")
            with sock.makefile("rb") as lines:
                line = lines.readline()
            reply = json.loads(line)
        except PermissionError as error:
            raise UnsupportedError(
                f"the listener {name} cannot be asked ({os.strerror(error.errno or errno.EACCES)});"
                " nothing was changed; run as root (become: true)"
            ) from None
        except (OSError, ValueError):
            return None
    return reply if isinstance(reply, dict) else None


def remove_socket(run_dir: str, name: str, inode: int = 0) -> None:
    """Remove the control socket; with `inode` only when it is still that one."""
    path = socket_path(run_dir, name)
    with contextlib.suppress(FileNotFoundError):
        if not inode or os.stat(path).st_ino == inode:
            os.unlink(path)


def _open_and_lock(run_dir: str) -> int:
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        folder = _open(run_dir)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(folder)
            if time.monotonic() > deadline:
                raise TimesensorError(
                    f"another run has held the lock of {run_dir} for {_LOCK_PATIENCE:g} seconds,"
                    " nothing was changed; run again when it is over"
                ) from None
            time.sleep(0.1)
            continue
        # A listener whose time was up may have removed the folder between opening and locking.
        if _is_still(folder, run_dir):
            return folder
        os.close(folder)


def _is_still(folder: int, run_dir: str) -> bool:
    try:
        return os.path.samestat(os.fstat(folder), os.stat(run_dir))
    except FileNotFoundError:
        return False


def _open(run_dir: str) -> int:
    while True:
        try:
            os.mkdir(run_dir, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            raise UnsupportedError(
                f"{run_dir} cannot be made ({os.strerror(error.errno or errno.EIO)}), nothing was"
                " started; run as root (become: true)"
            ) from None
        try:
            folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise TimesensorError(
                f"{run_dir} cannot be opened ({os.strerror(error.errno or errno.EIO)}), nothing was"
                " started; remove what is in its place"
            ) from None
        status = os.fstat(folder)
        if status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077:
            return folder
        os.close(folder)
        raise TimesensorError(
            f"{run_dir} belongs to user {status.st_uid} with mode"
            f" {stat.S_IMODE(status.st_mode):04o} instead of user {os.geteuid()} with 0700, nothing"
            " was started; remove it"
        )
