# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are silent when they work and tell all when they do not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Callable, List, Sequence


class ToolError(Exception):
    """A tool cannot go on; the message says what failed and what to do."""


def run(command: Sequence[str], failure: str) -> str:
    """Run `command` and return its standard output.

    When it fails, raise ToolError with `failure` and the last of what it said.
    """
    done = subprocess.run(
        command,
        check=False,
        close_fds=False,  # see the lock in bootstrap.py
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        what = " ".join(command)
        raise ToolError(f"{failure}\n{said}\n(exit code {done.returncode} of: {what})")
    return done.stdout


def make_venv(python: str, folder: str, requirements: str) -> None:
    """Make a virtual environment of the interpreter `python` with exactly the pinned packages."""
    run([python, "-m", "venv", "--clear", folder], f"{python} could not make {folder}")
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--disable-pip-version-check"]
    run(
        [*pip, "install", "--no-deps", "-r", requirements],
        f"pip could not install {requirements}",
    )
    run([*pip, "check"], f"the packages of {requirements} do not fit together")


def leave_with(main: Callable[[List[str]], int]) -> None:
    """Run `main` with the command line's arguments and leave with its exit code."""
    try:
        sys.exit(main(sys.argv[1:]))
    except ToolError as error:
        sys.exit(f"error: {error}")
