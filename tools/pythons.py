# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Python interpreters of this machine: on PATH and among those that pyenv built.

A pyenv shim answers to a version that is not selected with exit code 127, and hides which
interpreter it starts, so every candidate is asked who it is and only its real path is handed on.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from typing import Dict, Iterable, List, NamedTuple, Tuple

Version = Tuple[int, int]

# What ansible-core 2.19 and 2.21 run on, newest first. Each has its own file of requirements.
CONTROLLER: Tuple[Version, ...] = ((3, 13), (3, 12), (3, 11))
# What ansible-core 2.18 to 2.21 still send modules to.
TARGET: Tuple[Version, ...] = ((3, 14), (3, 13), (3, 12), (3, 11), (3, 10), (3, 9), (3, 8))

_WHO = "import sys; print(*sys.version_info[:2], sys.base_prefix, sys.executable, sep='\\n')"


class Python(NamedTuple):
    """An interpreter that was started once: its `version` and the real, absolute `path`."""

    version: Version
    path: str

    @property
    def name(self) -> str:
        """Return the version as it is written in file names, for example C(3.12)."""
        return "{}.{}".format(*self.version)


def version_of(name: str) -> Version:
    """Return a version from how it is written, for example C(3.12)."""
    major, minor = name.split(".")
    return int(major), int(minor)


def find(versions: Iterable[Version]) -> List[Python]:
    """Return one interpreter for each of `versions` that is on this machine, newest first."""
    wanted = sorted(set(versions), reverse=True)
    found: Dict[Version, Python] = {}
    for candidate in _candidates(wanted):
        if len(found) == len(wanted):
            break
        python = _ask(candidate)
        if python is not None and python.version in wanted:
            found.setdefault(python.version, python)
    return [found[version] for version in wanted if version in found]


def _candidates(versions: Iterable[Version]) -> List[str]:
    """Return paths that may be interpreters; the cheap and certain ones first."""
    roots = [os.environ.get("PYENV_ROOT", ""), os.path.expanduser("~/.pyenv")]
    built = [
        path
        for root in dict.fromkeys(root for root in roots if root)
        for version in versions
        for path in sorted(glob.glob("{}/versions/{}.{}*/bin/python".format(root, *version)))
    ]
    names = ["python{}.{}".format(*version) for version in versions] + ["python3"]
    on_path = [path for path in map(shutil.which, names) if path]
    return list(dict.fromkeys(built + on_path))


def _ask(path: str) -> Python | None:
    """Start `path` and return what it says of itself, or nothing when it does not start."""
    try:
        answer = subprocess.run(
            [path, "-I", "-c", _WHO],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=20,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, prefix, executable = answer
    version = (int(major), int(minor))
    executable = os.path.realpath(executable)
    if not executable.startswith(os.path.realpath(prefix) + os.sep):
        executable = os.path.join(prefix, "bin", "python{}.{}".format(*version))
    return Python(version, executable)


def main() -> None:
    """Print every usable interpreter of this machine, newest first: version and path."""
    for python in find(TARGET):
        print(python.name, python.path)


if __name__ == "__main__":
    main()
