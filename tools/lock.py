# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make lock): write the versions that C(requirements/*.in) resolve to, one file per Python."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import cores
import pythons
import quiet

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
OLDEST = (3, 8)


def freeze(python: pythons.Python, source: Path, *more: str) -> str:
    """Return what pip installs for `source` and `more`, as C(name==version) lines."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python.path, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "-r", str(source), *more], check=True)
        return subprocess.run(
            [*pip, "freeze"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout


def write(python: pythons.Python, source: Path, target: Path, *more: str) -> None:
    """Write `target` with a first line that says how it came about."""
    origin = " and ".join([source.name, *more])
    head = f"# Made by `make lock` from {origin} with Python {python.name}; do not edit.\n"
    target.write_text(head + freeze(python, source, *more), encoding="utf-8")
    print(f"lock: {target.name}", flush=True)


def files() -> list[tuple[str, Path, pythons.Python | None, list[str]]]:
    """Return kind, target, the interpreter if it is here, and more requirements of each file."""
    found = {python.version: python for python in pythons.find([*pythons.CONTROLLER, OLDEST])}
    wanted: list[tuple[str, Path, pythons.Python | None, list[str]]] = []
    for kind in ("dev", "docs", "importer"):
        for version in pythons.CONTROLLER:
            target = REQUIREMENTS / "{}-{}.{}.txt".format(kind, *version)
            wanted.append((kind, target, found.get(version), []))
    for core in cores.CORES:
        more = [f"ansible-core=={core.series}.*"]
        wanted.append(("core", core.requirements, core.python(), more))
    wanted.append(("target", REQUIREMENTS / "target.txt", found.get(OLDEST), []))
    return wanted


def main(arguments: list[str]) -> int:
    """Lock what the command line names, by default all; a file whose Python is missing here stays
    as it is."""
    parser = argparse.ArgumentParser(description="pin what requirements/*.in resolve to")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="dev, docs, ...; default all")
    chosen = parser.parse_args(arguments).kinds
    for kind, target, python, more in files():
        if chosen and kind not in chosen:
            continue
        if python is None:
            print(f"note: the Python for {target.name} is not here; it stays as it is")
            continue
        write(python, REQUIREMENTS / f"{kind}.in", target, *more)
    return 0


if __name__ == "__main__":
    quiet.leave_with(main)
