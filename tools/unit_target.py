# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make unit-oldest): unit tests of code for managed hosts under the oldest Python allowed there.

That is Python 3.8 with the module_utils of ansible-core 2.19; tools/cores.py asks for others. This
ansible-core does not install under 3.8, so they are unpacked from its wheel; a managed host, too,
only ever gets module_utils.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pythons
import quiet
import tree

CORE = "2.19.14"
OLDEST = "3.8"
WORK = tree.BUILD / "oldest"
REQUIREMENTS = tree.ROOT / "requirements" / "target.txt"
TESTS = ("tests/unit/plugins/module_utils", "tests/unit/plugins/modules")
CODE = ("plugins/module_utils", "plugins/modules")


def oldest_python(claimed: str) -> pythons.Python:
    """Return the oldest interpreter of this machine that is not older than the one we claim; say so
    when it is newer."""
    allowed = [item for item in pythons.TARGET if item >= pythons.version_of(claimed)]
    python = pythons.find(allowed)[-1]
    if python.name != claimed:
        print(
            f"note: no Python {claimed} on this machine; the oldest is {python.name}, and the tests"
            f" run under that. What breaks only under {claimed} stays unseen here."
        )
    return python


def provide_module_utils(version: str) -> Path:
    """Return a folder with nothing but C(ansible.module_utils) of a core and what it imports."""
    folder = WORK / f"core-{version}-importable"
    if folder.is_dir():
        return folder
    with_wheel = WORK / "wheel"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    # Any Python that no release refuses: the wheel is only unpacked.
    for_core = ["--only-binary=:all:", "--python-version", "3.13", f"ansible-core=={version}"]
    quiet.run(
        [*pip, "--dest", str(with_wheel), *for_core], f"pip has no wheel of ansible-core {version}"
    )
    part = WORK / "core.part"
    shutil.rmtree(part, ignore_errors=True)
    with zipfile.ZipFile(next(with_wheel.glob("ansible_core-*.whl"))) as wheel:
        wanted = (
            "ansible/__init__.py",
            "ansible/release.py",
            "ansible/_vendor/",
            "ansible/module_utils/",
        )
        wheel.extractall(part, [name for name in wheel.namelist() if name.startswith(wanted)])
    part.rename(folder)
    shutil.rmtree(with_wheel)
    return folder


def main(arguments: list[str]) -> int:
    """Compile all code for managed hosts, then run its tests; return the first bad exit code.

    What is not an option of ours goes to pytest.
    """
    parser = argparse.ArgumentParser(description="unit tests of code for managed hosts")
    parser.add_argument("--core", default=CORE, help="ansible-core; default %(default)s")
    parser.add_argument("--oldest", default=OLDEST, help="oldest Python; default %(default)s")
    options, arguments = parser.parse_known_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    python = oldest_python(options.oldest)
    venv = str(WORK / f"venv-{python.name}")
    interpreter = quiet.provide_venv(python.path, venv, str(REQUIREMENTS))
    core = provide_module_utils(options.core)
    print(f"unit-oldest: Python {python.name}, ansible.module_utils {options.core}", flush=True)
    tests = _existing(TESTS)
    if not tests:
        print(f"error: none of {', '.join(TESTS)} exists", file=sys.stderr)
        return 1
    environment = {
        **os.environ,
        "PYTHONPATH": str(core),
        "PYTHONPYCACHEPREFIX": str(WORK / "pycache"),
    }
    commands = [
        [interpreter, "-m", "compileall", "-q", *_existing(CODE)],
        [interpreter, "-m", "pytest", *tests, *arguments],
    ]
    for command in commands:
        done = subprocess.run(
            command, check=False, cwd=tree.ROOT, env=environment, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            return done.returncode
    return 0


def _existing(paths: tuple[str, ...]) -> list[str]:
    return [path for path in paths if (tree.ROOT / path).is_dir()]


if __name__ == "__main__":
    quiet.leave_with(main)
