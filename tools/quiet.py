# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are silent when they work and tell all when they do not."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from typing import Callable, Iterator, List, Mapping, Optional, Sequence


class ToolError(Exception):
    """A tool cannot go on; the message says what failed and what to do."""


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """Put off Ctrl-C and its like until the block is done.

    For a program that must not be cut off, and that is started in a session of its own, where the
    terminal does not reach it.
    """
    caught: List[int] = []
    former = {
        number: signal.signal(number, lambda got, _frame: caught.append(got))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if caught:
            os.kill(os.getpid(), caught[0])


def run(
    command: Sequence[str],
    failure: str,
    own_session: bool = False,
    variables: Optional[Mapping[str, str]] = None,
) -> str:
    """Run `command` and return its standard output. `variables` are added to the environment.

    When it fails, raise ToolError with `failure` and the last of what it said.
    """
    done = subprocess.run(
        command,
        check=False,
        close_fds=False,  # see the lock in bootstrap.py
        start_new_session=own_session,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", **(variables or {})},
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        what = " ".join(command)
        raise ToolError(f"{failure}\n{said}\n(exit code {done.returncode} of: {what})")
    return done.stdout


def provide_venv(
    python: str, folder: str, requirements: str, say: Callable[[], None] = lambda: None
) -> str:
    """Return the interpreter of an environment with exactly the pinned packages.

    It is made, after a call of `say`, unless it was made at this place from the same interpreter
    `python` and the same requirements. Its key is written last, so that a broken one is made again.
    """
    interpreter = os.path.join(folder, "bin", "python")
    with open(requirements, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    key_file, key = os.path.join(folder, ".key"), f"{python} {digest} {folder}\n"
    if os.path.isfile(key_file):
        with open(key_file, encoding="utf-8") as file:
            if file.read() == key:
                return interpreter
    say()
    run([python, "-m", "venv", "--clear", folder], f"{python} could not make {folder}")
    pip = [interpreter, "-m", "pip", "--disable-pip-version-check"]
    run(
        [*pip, "install", "--no-deps", "-r", requirements],
        f"pip could not install {requirements}",
    )
    run([*pip, "check"], f"the packages of {requirements} do not fit together")
    with open(key_file, "w", encoding="utf-8") as file:
        file.write(key)
    return interpreter


def leave_with(main: Callable[[List[str]], int]) -> None:
    """Run `main` with the command line's arguments and leave with its exit code."""
    try:
        sys.exit(main(sys.argv[1:]))
    except ToolError as error:
        sys.exit(f"error: {error}")
