# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the lab: one class to catch, and what a user can do about it in the text."""

from __future__ import annotations

from collections.abc import Sequence


class LabError(Exception):
    """The lab cannot do what was asked; the message says why and what to do next."""


class CommandFailed(LabError):
    """A command inside a host ended with another return code than 0."""

    def __init__(self, host: str, argv: Sequence[str], rc: int, stdout: str, stderr: str) -> None:
        self.host = host
        self.argv = list(argv)
        self.rc = rc
        self.stdout = stdout
        self.stderr = stderr
        output = "\n".join(part.rstrip() for part in (stdout, stderr) if part.strip())
        super().__init__(f"{host}: {' '.join(argv)!r} ended with rc {rc}\n{output}".rstrip())
