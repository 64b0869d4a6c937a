# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups of hosts that boot: systemd needs a cgroup2 tree of its own.

They are directories below the keeper's own cgroup, so they are the one thing of a lab that does not
end with its processes. A file in the run dir tells where they are, for whoever has to remove them
after the keeper was killed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

from . import linux

_RECORD = "cgroup"


class Tree:
    """The keeper's view of its own cgroup; works whether or not the machine has cgroup2 mounted.

    The machine's mount is not used and none is made from its own cgroup namespace: the options of
    the latter would become those of the machine's (cgroups(7), nsdelegate).
    """

    def __init__(self, run_dir: Path) -> None:
        """Needs a mount namespace of our own."""
        own = _own_path()
        linux.unshare(linux.CLONE_NEWCGROUP)
        self._mount = run_dir / "mnt" / ".cgroup"
        self._mount.mkdir()
        linux.mount("cgroup2", str(self._mount), "cgroup2")
        self._prefix = _prefix(run_dir)
        (run_dir / _RECORD).write_text(own)

    def make(self, host: str) -> str:
        """An empty cgroup for the host: a path for the processes that we fork."""
        self.remove(host)
        path = self._mount / f"{self._prefix}{host}"
        path.mkdir()
        return str(path)

    def remove(self, host: str) -> None:
        """Remove the host's cgroup with all that systemd has made in it."""
        _remove(self._mount / f"{self._prefix}{host}")

    def close(self) -> None:
        """Remove what is left, once no process is."""
        for path in self._mount.glob(f"{self._prefix}*"):
            _remove(path)
        linux.unmount(str(self._mount))


def remove_stale(run_dir: Path) -> None:
    """Remove the cgroups of a lab that is dead, where the machine has cgroup2 mounted at all.

    Raises OSError for one that stays busy.
    """
    record = run_dir / _RECORD
    mount = machines_mount()
    if mount is None:
        return
    with contextlib.suppress(FileNotFoundError):  # another lab may tidy up, too
        for path in (mount / record.read_text().lstrip("/")).glob(f"{_prefix(run_dir)}*"):
            _remove(path)


def _prefix(run_dir: Path) -> str:
    return f"timesensor-{run_dir.name}-"


def _own_path() -> str:
    """Path of this process's cgroup below the root of the cgroup2 hierarchy, cgroups(7)."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    for line in lines:
        if line.startswith("0::"):
            return line[3:]
    raise RuntimeError("hosts that boot need control groups of version 2, this machine has none")


def machines_mount() -> Path | None:
    """Where the machine has the whole cgroup2 hierarchy mounted."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _unused, kind = line.partition(" - ")
        fields = mount.split(" ")
        if kind.startswith("cgroup2 ") and fields[3] == "/":
            return Path(fields[4])
    return None


def _remove(path: Path, timeout: float = 5) -> None:
    """Remove a cgroup from the leaves up; what a killed process leaves may be busy for a moment."""
    deadline = time.monotonic() + timeout
    for parent, _unused, _unused2 in os.walk(path, topdown=False):
        while True:
            try:
                with contextlib.suppress(FileNotFoundError):
                    os.rmdir(parent)
                break
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
