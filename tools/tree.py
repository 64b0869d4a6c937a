# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of this tree for tools that want one to themselves.

ansible-test, ansible-lint and ansible-galaxy want the collection at
C(ansible_collections/legalops/timesensor) in a git repository of its own, and write into it; a
mutant changes it. All get a copy of the files that git knows or would add.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
# What tools/step and the steps themselves leave for tools/times.py.
RESULTS = BUILD / "results"
NAME = Path("ansible_collections", "legalops", "timesensor")


def files() -> list[Path]:
    """Return the paths, relative to the root, of all files that git tracks or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    paths = [Path(os.fsdecode(name)) for name in listing.split(b"\0") if name]
    return sorted({path for path in paths if os.path.lexists(ROOT / path)})


def copy(target: Path) -> None:
    """Make `target` an exact copy of the tree; equal files are left alone, to keep caches warm."""
    wanted = files()
    for path in wanted:
        _copy_file(ROOT / path, target / path)
    _remove_others(target, {str(path) for path in wanted})
    if not (target / ".git").exists():
        subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)


def copy_for_ansible(place: Path = BUILD / "tree") -> Path:
    """Bring the copy under C(ansible_collections) at `place` up to date and return its path."""
    target = place / NAME
    target.mkdir(parents=True, exist_ok=True)
    copy(target)
    return target


def link_into(copied: Path) -> None:
    """Give a copy the link under C(.build) through which its own Python code is imported."""
    link = copied / ".build" / NAME
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("../../..", target_is_directory=True)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() or target.is_symlink():
        target.unlink(missing_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        return
    seen, stat = target.stat() if target.exists() else None, source.stat()
    if seen and (seen.st_mtime_ns, seen.st_size, seen.st_mode) == (
        stat.st_mtime_ns,
        stat.st_size,
        stat.st_mode,
    ):
        return
    shutil.copy2(source, target)


def _remove_others(target: Path, wanted: set[str]) -> None:
    """Remove what an earlier copy held and this one does not; git's and tools' folders stay."""
    for folder, names, leaves in os.walk(target, topdown=True):
        relative = Path(folder).relative_to(target)
        if relative == Path("."):
            names[:] = [name for name in names if name not in (".git", ".build", ".ansible")]
        for leaf in [*leaves, *(name for name in names if (Path(folder) / name).is_symlink())]:
            if str(relative / leaf) not in wanted:
                (Path(folder) / leaf).unlink()
    for folder, _names, _leaves in os.walk(target, topdown=False):
        if Path(folder) != target and ".git" not in Path(folder).parts and not os.listdir(folder):
            os.rmdir(folder)


def main() -> int:
    """Print the path of the refreshed copy, for use in a recipe."""
    print(copy_for_ansible())
    return 0


if __name__ == "__main__":
    sys.exit(main())
