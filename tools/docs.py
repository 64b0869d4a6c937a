# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make docs): the site in C(.build/docs/html), from the plugins' documentation and the guides.

antsibull-docs writes the pages of plugins and roles and takes the guides of C(docs/docsite); Sphinx
makes HTML of them, in an environment of its own (185 MB). A warning is an error.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import quiet
import tree

SITE = tree.BUILD / "docs"
VENV = tree.BUILD / "docs-venv"
REQUIREMENTS = tree.ROOT / "requirements" / "docs-{}.{}.txt".format(*sys.version_info[:2])


def write_pages(programs: Path) -> Path:
    """Let antsibull-docs write all pages as RST; return their folder."""
    copied = tree.copy_for_ansible()
    pages = SITE / "rst"
    shutil.rmtree(SITE, ignore_errors=True)
    pages.mkdir(parents=True)
    pages.chmod(0o755)  # antsibull-docs refuses a folder that others may write
    command = [str(programs / "antsibull-docs"), "collection", "--use-current"]
    command += ["--fail-on-error", "--cleanup", "everything", "--squash-hierarchy"]
    os.environ["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(copied.parents[2])
    quiet.run(
        [*command, "--dest-dir", str(pages), "legalops.timesensor"],
        "antsibull-docs could not write the pages",
    )
    return pages


def main(_arguments: list[str]) -> int:
    """Build the site and print where it is."""
    programs = Path(quiet.provide_venv(sys.executable, str(VENV), str(REQUIREMENTS))).parent
    pages = write_pages(programs)
    command = [str(programs / "sphinx-build"), "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-c", str(tree.ROOT / "docs" / "site"), "-d", str(SITE / "doctrees")]
    quiet.run([*command, str(pages), str(SITE / "html")], "Sphinx found mistakes in the pages")
    print(f"docs: {SITE / 'html' / 'index.html'}")
    return 0


if __name__ == "__main__":
    quiet.leave_with(main)
