# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A download that goes on after the module has answered, so that the controller can show its
progress.

No file of ours holds an option: the job is a fork of the module, so even the password stays in
memory. It lives in a
directory of its own (mode 0700) with the files C(alive), which the controller touches with every
look, C(status) and, at
the end, C(result). When nobody has looked for `LEASE` seconds, or the directory is gone, the job
ends and cleans up.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from typing import Any, Callable, Dict, Optional, Tuple

from .options import Options

LEASE = 20.0
PREFIX = "legalops-ftp_path-"
_LOOK = 0.5

Report = Callable[[int, Optional[int], float], None]
Work = Callable[[Options, Report], Dict[str, Any]]
Finish = Callable[[Dict[str, Any]], Dict[str, Any]]


def start(options: Options, work: Work, finish: Finish) -> Dict[str, Any]:
    """Start `work` as a job and return its directory and process id.

    `finish` turns what `work` returns, or C({failed, msg}) when it raises, into what is written to
    C(result).
    """
    place = tempfile.mkdtemp(prefix=PREFIX)
    _write(place, "alive", "")
    _write(place, "status", "{}")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        # A second fork, so that the module has no child to wait for and the job no session to end
        # with.
        os.setsid()
        if os.fork():
            os._exit(0)
        os.write(writer, str(os.getpid()).encode())
        _detach()
        _Job(place).run(options, work, finish)
    os.close(writer)
    os.waitpid(child, 0)
    pid = int(os.read(reader, 32) or b"0")
    os.close(reader)
    return {"directory": place, "pid": pid}


def _detach() -> None:
    """Let go of everything that would keep the connection to the controller open."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, 4096)


def _write(place: str, name: str, text: str) -> None:
    """Write a file whole or not at all."""
    path = os.path.join(place, name)
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


class _Job:
    def __init__(self, place: str) -> None:
        self._place = place
        self._now: Tuple[int, Optional[int], float] = (0, None, 0.0)

    def run(self, options: Options, work: Work, finish: Finish) -> None:
        """Work, write the result, and wait until it was fetched. Never returns."""
        try:
            threading.Thread(target=self._watch, daemon=True).start()
            try:
                result = work(options, self._report)
            except Exception as error:
                result = {
                    "failed": True,
                    "msg": f"ftp_path failed: {type(error).__name__}: {error}",
                }
            _write(self._place, "result", json.dumps(finish(result)))
            time.sleep(LEASE * 2)
        finally:
            self._end()

    def _report(self, got: int, size: Optional[int], seconds: float) -> None:
        self._now = (got, size, seconds)

    def _watch(self) -> None:
        """Write the status and end the job when nobody looks any more. The clock of the machine may
        jump: only that
        the time of C(alive) changes counts, not what it is."""
        seen, last, written = 0, time.monotonic(), None
        while True:
            time.sleep(_LOOK)
            try:
                touched = os.stat(os.path.join(self._place, "alive")).st_mtime_ns
                if self._now != written:
                    written = self._now
                    status = dict(zip(("bytes", "size", "seconds"), written))
                    _write(self._place, "status", json.dumps(status))
            except OSError:
                self._end()
            now = time.monotonic()
            if touched != seen:
                seen, last = touched, now
            elif now - last > LEASE:
                self._end()

    def _end(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        os._exit(0)
