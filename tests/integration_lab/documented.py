# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation tells a user to write and to type, taken out of it.

The documentation uses names of the reserved domain C(.example) for the hosts of a firm; the lab has
the same hosts under C(.test).
"""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
GUIDES = TREE / "docs" / "docsite" / "rst"

# A directive, its options, and its content: all that is indented or empty below it.
_BLOCK = re.compile(
    r"^\.\. code-block:: (?P<language>\S+)\n(?P<body>(?:(?:[ ]{3}.*)?\n)+)", re.MULTILINE
)
_CAPTION = re.compile(r"^ {3}:caption: (?P<name>\S+)\n")


@dataclasses.dataclass(frozen=True)
class Step:
    """One block of a guide: a file to write, or a command to type."""

    name: str = ""
    content: str = ""
    command: tuple[str, ...] = ()


def _in_the_lab(text: str) -> str:
    return re.sub(r"\.example\b", ".test", text)


def guide(name: str) -> list[Step]:
    """Return the steps of a guide in their order. Blocks of YAML without a caption are parts of a
    file, only to be read."""
    steps = []
    text = (GUIDES / f"{name}.rst").read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        body = _in_the_lab(block["body"])
        caption = _CAPTION.match(body)
        lines = [line[3:] for line in body[caption.end() if caption else 0 :].splitlines()]
        if caption:
            steps.append(Step(name=caption["name"], content="\n".join(lines).strip() + "\n"))
        elif block["language"] == "console":
            commands = [line[2:] for line in lines if line.startswith("$ ")]
            steps += [Step(command=tuple(shlex.split(command))) for command in commands]
    return steps


def examples(path: Path) -> str:
    """Return the C(EXAMPLES) of a plugin's file, as the lab can run them."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            return _in_the_lab(str(ast.literal_eval(node.value)))
    raise AssertionError(f"{path.name} has no EXAMPLES")
