# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make lock): write the versions that C(requirements/*.in) resolve to, one file per Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pythons

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
OLDEST = (3, 8)


def freeze(python: pythons.Python, source: Path) -> str:
    """Return what pip installs for `source` under `python`, as C(name==version) lines."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python.path, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "-r", str(source)], check=True)
        return subprocess.run(
            [*pip, "freeze"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout


def write(python: pythons.Python, source: Path, target: Path) -> None:
    """Write `target` with a first line that says how it came about."""
    head = f"# Made by `make lock` from {source.name} with Python {python.name}; do not edit.\n"
    target.write_text(head + freeze(python, source), encoding="utf-8")
    print(f"lock: {target.name}", flush=True)


def main() -> int:
    """Lock for every supported Python; the file of one that is missing here stays as it is."""
    found = {python.version: python for python in pythons.find([*pythons.CONTROLLER, OLDEST])}
    for version in pythons.CONTROLLER:
        name = "{}.{}".format(*version)
        if version in found:
            write(found[version], REQUIREMENTS / "dev.in", REQUIREMENTS / f"dev-{name}.txt")
        else:
            print(f"note: no Python {name} here; dev-{name}.txt stays as it is")
    if OLDEST in found:
        write(found[OLDEST], REQUIREMENTS / "target.in", REQUIREMENTS / "target.txt")
    else:
        print("note: no Python 3.8 here; target.txt stays as it is")
    return 0


if __name__ == "__main__":
    sys.exit(main())
