# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make setup): everything that the other targets need, and nothing when it is there already.

1. Debian packages for programs that are missing (root only; each one is printed).
2. C(.venv) under the newest supported Python, with the pinned requirements of that Python.
3. C(.build/ansible_collections/legalops/timesensor), a link to this tree, under which Python and
   Ansible find the collection.

Runs under the Python of a fresh Debian, before anything is installed.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Iterable, List, Sequence

import pythons
import quiet
from quiet import ToolError

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
VENV = ROOT / ".venv"
# Read by tests/lab/footprint.py, too.
INSTALLED = BUILD / "debian-packages.txt"

# Programs that the lab and its tests start on the machine itself; everything else they need lives
# in the root that the lab builds for its hosts.
MACHINE_PACKAGES: Dict[str, str] = {
    "debootstrap": "debootstrap",
    "gpgv": "gpgv",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "ssh-keygen": "openssh-client",
    "sysctl": "procps",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def is_there(thing: str) -> bool:
    """Tell whether a program (by name, also in sbin) or a file (by absolute path) exists."""
    if thing.startswith("/"):
        return os.path.exists(thing)
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    return shutil.which(thing, path=path) is not None


def apt_install(packages: Sequence[str]) -> None:
    """Install Debian packages, without recommended ones, and say so. Raises ToolError."""
    names = " ".join(packages)
    if os.geteuid() != 0 or not is_there("apt-get"):
        raise ToolError(f"missing: {names}. As root, apt-get install {names}, then run make again")
    say(f"build tools to install from Debian: {names}")
    quiet.run(["apt-get", "update", "-qq"], "apt-get update failed")
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
    failure = f"apt-get could not install {names}"
    # Written down first: the list has to be there also when we are killed before apt-get is done.
    planned = quiet.run([*install, "--simulate"], failure).splitlines()
    needed = {line.split()[1] for line in planned if line.startswith("Inst ")} - set(packages)
    say(f"with what they need, new or newer: {' '.join(sorted(needed)) or 'nothing'}")
    note_installed([*packages, *sorted(needed)])
    with quiet.signals_wait():
        quiet.run(install, failure, own_session=True)
    say(f"build tools installed: {names}")


def note_installed(packages: Iterable[str]) -> None:
    """Add packages to the list of what set-up has put on this machine."""
    known = INSTALLED.read_text().split() if INSTALLED.is_file() else []
    names = dict.fromkeys([*known, *packages])
    INSTALLED.write_text("".join(f"{name}\n" for name in names))


def install_machine_packages() -> None:
    """Install what the lab starts on the machine.

    Not root: only say what is missing, since linters and unit tests need none of it.
    """
    missing = sorted(
        {package for thing, package in MACHINE_PACKAGES.items() if not is_there(thing)}
    )
    if not missing:
        return
    if os.geteuid() == 0:
        apt_install(missing)
    else:
        say(f"note: not root; integration tests and the demo will miss: {' '.join(missing)}")


def newest_python() -> pythons.Python:
    """Return the newest Python that requirements are pinned for, able to make environments."""
    found = pythons.find(pythons.CONTROLLER)
    if not found:
        names = ", ".join("{}.{}".format(*version) for version in pythons.CONTROLLER)
        raise ToolError(
            f"no Python of these versions is on PATH or under ~/.pyenv/versions: {names}"
        )
    python = found[0]
    if not has_ensurepip(python):
        apt_install([f"python{python.name}-venv"])
    return python


def has_ensurepip(python: pythons.Python) -> bool:
    """Tell whether `python` has ensurepip, which Debian keeps in a package of its own."""
    command = [python.path, "-c", "import ensurepip"]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def requirements_for(python: pythons.Python) -> Path:
    return ROOT / "requirements" / f"dev-{python.name}.txt"


def link_collection() -> None:
    """Make the link under which this tree is C(ansible_collections.legalops.timesensor)."""
    link = BUILD / "ansible_collections" / "legalops" / "timesensor"
    if link.is_symlink():
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("../../..", target_is_directory=True)


def main(arguments: List[str]) -> int:
    """Do the parts in order, one set-up at a time in this tree."""
    argparse.ArgumentParser(description="prepare this tree for make").parse_args(arguments)
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "setup.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # pip and apt hold the lock, too: they outlive us when we are killed.
        os.set_inheritable(lock.fileno(), True)
        link_collection()
        install_machine_packages()
        python = newest_python()
        requirements = requirements_for(python)
        made_of = f"Python {python.name} and {requirements.name}"
        quiet.provide_venv(
            python.path,
            str(VENV),
            str(requirements),
            lambda: say(f"making .venv with {made_of} (about a minute)"),
        )
        say(f"ready: .venv, Python {python.name}, requirements/{requirements.name}")
    return 0


if __name__ == "__main__":
    quiet.leave_with(main)
