# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make sanity) and C(make units): C(ansible-test) with nothing but the package index.

ansible-test fetches pip's bootstrap script from a server of its own before it makes its
environments, unless the script is in its cache already. So a stand-in that uses ensurepip and the
package index is put there, in a HOME of our own. The environments are kept there, too: a second run
is four times as fast. C(sanity) and C(units) have a HOME and a copy of the tree each, since they
may run at the same time.

Code for managed hosts is compiled, imported and unit tested under every Python of the machine that
this ansible-core sends modules to. What ansible-test skips fails this step, unless
tests/permitted_skips.toml names it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pythons
import quiet
import skips
import tree

BUILD = tree.BUILD / "ansible-test"
VENV_BIN = Path(sys.prefix) / "bin"
PYTHON = "{}.{}".format(*sys.version_info[:2])
# It makes its own environments in any case; units only when it is told to.
PLACES = {"sanity": ["--local"], "units": ["--venv", "--requirements"]}

_ASK_PIP_VERSION = f"""
from types import SimpleNamespace
from ansible_test._internal.python_requirements import get_venv_packages
print(get_venv_packages(SimpleNamespace(version="{PYTHON}"))["pip"])
"""

_SKIPPED = re.compile(
    r'Skipping (?:sanity test "(?P<test>[^"]+)"|unit tests)(?: on Python (?P<python>[\d.]+))?'
)

_BOOTSTRAP = """\
import subprocess, sys
args = [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", *args])
"""


def put_bootstrap_script(home: Path) -> None:
    """Put the stand-in where ansible-test looks; the file's name holds the pip it wants."""
    version = quiet.run(
        [sys.executable, "-c", _ASK_PIP_VERSION], "ansible-test does not tell which pip it wants"
    ).strip()
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(_BOOTSTRAP, encoding="utf-8")


def keep_pip_settings(home: Path) -> None:
    """Write this user's pip settings into our HOME: ansible-test hands on no variables."""
    listing = quiet.run([sys.executable, "-m", "pip", "config", "list"], "pip config list failed")
    settings = {"quiet": "2"}
    for line in listing.splitlines():
        name, value = line.split("=", 1)
        scope, key = name.rsplit(".", 1)
        if scope in ("global", ":env:") and key != "config-file":
            settings[key] = " ".join(shlex.split(value))
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {value}\n" for key, value in settings.items()]
    config.write_text("[global]\n" + "".join(lines), encoding="utf-8")


def environment(home: Path) -> dict[str, str]:
    """Return our HOME, and a PATH with real interpreters rather than shims.

    A shim chooses by a variable that ansible-test drops.
    """
    folders = [str(VENV_BIN)]
    folders += [str(Path(python.path).parent) for python in pythons.find(pythons.TARGET)]
    folders += ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return {**os.environ, "HOME": str(home), "PATH": os.pathsep.join(dict.fromkeys(folders))}


def run_and_find_skips(command: list[str], folder: Path, home: Path) -> tuple[int, dict[str, str]]:
    """Run ansible-test and show what it says as it comes.

    Return its exit code, and the reason of each test that it skipped by name (with the Python,
    where it has one).
    """
    skipped = {}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            match = _SKIPPED.search(line)
            if match:
                parts = (match["test"] or "units", match["python"])
                skipped["-".join(part for part in parts if part)] = line.strip()
    return process.returncode, skipped


def keep_results(copied: Path, kind: str) -> None:
    """Join what ansible-test wrote of its unit tests, a file per Python, for tools/times.py."""
    joined = ElementTree.Element("testsuites")
    for report in sorted((copied / "tests" / "output" / "junit").glob("*-units.xml")):
        joined.extend(ElementTree.parse(report).getroot().iter("testsuite"))
    if len(joined):
        name = os.environ.get("STEP_NAME", kind)
        tree.RESULTS.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(joined).write(tree.RESULTS / f"{name}.xml", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run C(sanity) or C(units), the first argument, on a copy of the tree; the others go to it."""
    if not arguments or arguments[0] not in PLACES:
        raise quiet.ToolError(f"the first argument has to be one of {', '.join(PLACES)}")
    kind, *more = arguments
    place = BUILD / kind
    copied, home = tree.copy_for_ansible(place / "tree"), place / "home"
    ignored = sorted(path.name for path in (copied / "tests" / "sanity").glob("ignore*"))
    if ignored:
        print(f"error: no ignore file is allowed: {', '.join(ignored)}", file=sys.stderr)
        return 1
    shutil.rmtree(copied / "tests" / "output", ignore_errors=True)
    put_bootstrap_script(home)
    keep_pip_settings(home)
    command = [str(VENV_BIN / "ansible-test"), kind, *PLACES[kind], "--color", "no", *more]
    code, skipped = run_and_find_skips(command, copied, home)
    keep_results(copied, kind)
    return skips.complain(kind, list(skipped.items())) or code


if __name__ == "__main__":
    quiet.leave_with(main)
