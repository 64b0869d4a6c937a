# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make package): the collection as others get it.

1. What C(make build) has just built is installed into an empty place.
2. There, C(ansible-doc) has to show every plugin and role of this tree.
3. C(galaxy-importer), which judges what is uploaded to Galaxy and Automation Hub: no warning.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import quiet
import tree

DIST = tree.BUILD / "dist"
EMPTY = tree.BUILD / "installed"
IMPORTER = tree.BUILD / "importer"
IMPORTER_REQUIREMENTS = "requirements/importer-{}.{}.txt".format(*sys.version_info[:2])
BIN = Path(sys.prefix) / "bin"
COLLECTION = "legalops.timesensor"

_IMPORTER_CONFIG = """\
[galaxy-importer]
CHECK_CHANGELOG = True
CHECK_REQUIRED_TAGS = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
RUN_ANSIBLE_TEST = False
RUN_FLAKE8 = False
"""


# Under these Ansible sees nothing but what is installed in our place.
ALONE = {
    "ANSIBLE_COLLECTIONS_PATH": str(EMPTY),
    "ANSIBLE_HOME": str(tree.BUILD / "package-home"),
    "HOME": str(tree.BUILD / "package-home"),
}


def install(tarball: Path) -> None:
    """Install the tarball where no other collection is."""
    shutil.rmtree(EMPTY, ignore_errors=True)
    command = [str(BIN / "ansible-galaxy"), "collection", "install", str(tarball)]
    quiet.run(
        [*command, "--offline", "--collections-path", str(EMPTY)],
        "the tarball could not be installed into an empty place",
        variables=ALONE,
    )


def in_the_tree() -> dict[str, set[str]]:
    """Return the names of all plugins, roles and modules of this tree, by ansible-doc's type."""
    plugins = tree.ROOT / "plugins"
    found = {
        "module": {path.stem for path in (plugins / "modules").glob("*.py")},
        "filter": {path.stem for path in (plugins / "filter").glob("*.py")},
        "role": {
            path.parent.parent.name for path in tree.ROOT.glob("roles/*/meta/argument_specs.yml")
        },
    }
    others = ("become", "cache", "callback", "connection", "inventory", "lookup", "test", "vars")
    for kind in others:
        names = {path.stem for path in (plugins / kind).glob("*.py")} - {"__init__"}
        if names:
            found[kind] = names
    return found


def documented(kind: str) -> set[str]:
    """Return the names of our plugins of a type that ansible-doc shows whole, once installed."""
    command = [str(BIN / "ansible-doc"), "--type", kind, "--json"]
    failure = f"ansible-doc cannot show each {kind} of the installed collection"
    listing = quiet.run([*command, "--list", COLLECTION], failure, variables=ALONE)
    names = sorted(json.loads(listing))
    if not names:
        return set()
    shown = quiet.run([*command, *names], failure, variables=ALONE)
    whole = [name for name, content in json.loads(shown).items() if _is_whole(kind, content)]
    return {name.removeprefix(f"{COLLECTION}.") for name in whole}


def _is_whole(kind: str, content: dict[str, object]) -> bool:
    if kind == "role":
        return bool(content.get("entry_points"))
    return bool(content.get("doc")) and bool(content.get("examples"))


def missing_documentation() -> list[str]:
    """Return a line for each plugin of the tree that the installed collection does not show."""
    lines = []
    for kind, names in in_the_tree().items():
        shown = documented(kind)
        print(f"ansible-doc shows {len(shown & names)} of {len(names)}: {kind}", flush=True)
        lines += [f"{kind} {name}: not shown by ansible-doc" for name in sorted(names - shown)]
    return lines


def importer_complaints(tarball: Path) -> list[str]:
    """Run galaxy-importer on the tarball and return the lines that warn or worse."""
    # It pins older versions of what the other tools need, so it has an environment to itself.
    requirements = str(tree.ROOT / IMPORTER_REQUIREMENTS)
    interpreter = quiet.provide_venv(sys.executable, str(IMPORTER), requirements)
    work = tree.BUILD / "importer-run"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    config = work / "galaxy-importer.cfg"
    config.write_text(_IMPORTER_CONFIG, encoding="utf-8")
    done = subprocess.run(
        [interpreter, "-m", "galaxy_importer.main", str(tarball)],
        check=False,
        cwd=work,
        env={
            **os.environ,
            "GALAXY_IMPORTER_CONFIG": str(config),
            "PATH": os.pathsep.join([str(Path(interpreter).parent), os.environ["PATH"]]),
            "HOME": str(work),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = done.stdout.splitlines()
    complaints = [line for line in lines if re.match(r"(WARNING|ERROR|CRITICAL)\b", line)]
    if done.returncode and not complaints:
        complaints = [f"galaxy-importer left with exit code {done.returncode}:", *lines[-20:]]
    if not (work / "importer_result.json").is_file() and not complaints:
        complaints = ["galaxy-importer wrote no result:", *lines[-20:]]
    return complaints


def main(_arguments: list[str]) -> int:
    """Do all three; print what is wrong, and return 1 when there is anything."""
    tarball = max(DIST.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    print(f"{tarball.name}: {tarball.stat().st_size:,} bytes", flush=True)
    install(tarball)
    wrong = missing_documentation() + importer_complaints(tarball)
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print("galaxy-importer: no warning")
    return 1 if wrong else 0


if __name__ == "__main__":
    quiet.leave_with(main)
