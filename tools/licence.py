# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make lint-licence): each file of code says at its top whose it is and under which licence.

That is what C(ansible-test), Automation Hub and those who copy one single file look for. YAML files
of roles and plays fall under the licence that galaxy.yml names.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import quiet
import tree

HEADER = (
    "# Copyright: (c) 2026, legalops.timesensor contributors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
SUFFIXES = (".py", ".ps1", ".cs")


def lacks_header(path: Path) -> bool:
    """Tell whether the file has code and no header. A first line may be a shebang."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    start = [re.sub(r"^//", "#", line) for line in lines[: len(HEADER)]]
    return bool(lines) and tuple(start) != HEADER


def main(_arguments: list[str]) -> int:
    """Print the files that lack the header; return 1 when there are any."""
    code = [path for path in tree.files() if path.suffix in SUFFIXES]
    wrong = [path for path in code if lacks_header(tree.ROOT / path)]
    for path in wrong:
        print(f"{path}: the licence header is missing or differs", file=sys.stderr)
    return 1 if wrong or not code else 0


if __name__ == "__main__":
    quiet.leave_with(main)
