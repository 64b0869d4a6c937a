# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of a download in the background: look at it, fetch its result, clean up."""

from __future__ import annotations

import contextlib
import json
import shlex
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ansible.errors import AnsibleConnectionFailure

STATUS = "status"
RESULT = "result"
GONE = "gone"
LOST = "lost"

# Looks that may find no job before it is given up, and seconds for which the host may be out of
# reach: less than the lease of the job, which goes on meanwhile.
_PATIENCE = 3
_OUT_OF_REACH = 15.0

_MARK = "legalops-ftp_path:"
# One look waits on the host for up to two seconds, so that the end is noticed at once and few
# connections are made.
_LOOK = """\
cd {place} 2>/dev/null || {{ echo {mark}gone; exit 0; }}
: > alive; n=0
while [ ! -e result ] && [ $n -lt 8 ] && kill -0 {pid} 2>/dev/null; do sleep 0.25; n=$((n+1)); done
if [ -e result ]; then echo {mark}result; cat result; echo
elif kill -0 {pid} 2>/dev/null; then echo {mark}status; cat status; echo
else echo {mark}dead; fi"""

Execute = Callable[[str], str]


class Look(NamedTuple):
    """What one look found: C(status) or C(result) with their content, C(gone), C(dead), or C(lost)
    with C(msg) when the host could not be reached.
    """

    kind: str
    content: dict[str, Any]


class Job:
    """A job on the host. `execute` runs a shell command there and returns what it prints."""

    def __init__(self, job: dict[str, Any], execute: Execute) -> None:
        self._place = shlex.quote(str(job["directory"]))
        self._pid = int(job["pid"])
        self._execute = execute

    def look(self) -> Look:
        """Tell the job that someone waits for it, and what it has come to."""
        try:
            printed = self._execute(_LOOK.format(place=self._place, pid=self._pid, mark=_MARK))
        except AnsibleConnectionFailure as error:
            return Look(LOST, {"msg": str(error)})
        return parse_look(printed)

    def clean_up(self) -> None:
        """Remove its directory; a job that still runs ends by itself within a second then, and one
        that is out of reach at the end of its lease.
        """
        with contextlib.suppress(AnsibleConnectionFailure):
            self._execute(f"rm -rf {self._place}")


def follow(
    job: Job,
    update: Callable[[dict[str, Any]], None],
    wanted: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Look:
    """Look at a job until its result is there or there is no hope, and return the last look.

    `update` gets each status. `wanted` tells whether anybody still waits for the result. A
    connection that breaks does not end the download, which may have taken many minutes.
    """
    missed, reached = 0, clock()
    look = Look(GONE, {})
    while wanted() and look.kind != RESULT:
        look = job.look()
        if look.kind == LOST:
            if clock() - reached > _OUT_OF_REACH:
                break
            pause(1.0)
            continue
        reached = clock()
        if look.kind == STATUS:
            missed = 0
            update(look.content)
        elif look.kind != RESULT:
            missed += 1
            if missed == _PATIENCE:
                break
    return look


def parse_look(printed: str) -> Look:
    """Read what a look printed, whatever a login message put around it."""
    lines = printed.splitlines()
    for number, text in enumerate(lines):
        if text.startswith(_MARK):
            kind = text[len(_MARK) :].strip()
            content = lines[number + 1] if number + 1 < len(lines) else ""
            try:
                found = json.loads(content) if content.strip() else {}
            except ValueError:
                found = {}
            return Look(kind, found if isinstance(found, dict) else {})
    return Look(GONE, {})
