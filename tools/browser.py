# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make browser): the browser tests of the report, and before that what they need and `make setup`
leaves out because it is large: Chromium, Node.js and npm from Debian (about 400 MB), and the
packages of tests/browser/package-lock.json in C(.build/browser).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

import bootstrap
import quiet

SOURCE = bootstrap.ROOT / "tests" / "browser"
BUILD = bootstrap.BUILD / "browser"
KEY_FILE = BUILD / ".key"
# By program. A Node.js that comes from elsewhere brings its own npm.
PACKAGES = {"chromium": "chromium", "node": "nodejs", "npm": "npm"}


def install_programs() -> None:
    """Install what is missing from Debian; `bootstrap` says which."""
    missing = [package for program, package in PACKAGES.items() if not bootstrap.is_there(program)]
    if missing:
        bootstrap.apt_install(missing)


def install_modules() -> None:
    """Install the exact versions of package-lock.json, unless they are there. No script of a
    package runs."""
    names = ("package.json", "package-lock.json")
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in names)).hexdigest()
    if KEY_FILE.is_file() and KEY_FILE.read_text() == digest:
        return
    KEY_FILE.unlink(missing_ok=True)
    bootstrap.say("installing the packages of tests/browser/package-lock.json (about 30 seconds)")
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(SOURCE / name, BUILD / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(BUILD)]
    quiet.run(command, "npm could not install the packages of tests/browser/package-lock.json")
    KEY_FILE.write_text(digest)


def main(arguments: list[str]) -> int:
    """Prepare, then run pytest with `arguments`; return its exit code."""
    install_programs()
    install_modules()
    command = [sys.executable, "-m", "pytest", str(SOURCE), *arguments]
    return subprocess.run(command, env=os.environ, check=False).returncode


if __name__ == "__main__":
    quiet.leave_with(main)
