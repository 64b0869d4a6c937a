# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few Linux calls that the lab needs and Python 3.11 does not offer: mount, setns and so on."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Iterable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MNT_DETACH = 2

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
# pivot_root has no wrapper in glibc; its number is per machine (x86_64 has its own table).
_SYS_PIVOT_ROOT = 155 if os.uname().machine == "x86_64" else 41


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Put the calling process into new namespaces, unshare(2)."""
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """Put the calling thread into the namespace behind `fd`, setns(2)."""
    _check(_libc.setns(fd, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2); paths are relative to the working directory or absolute."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode() or None, flags, data.encode() or None
    )
    _check(result, f"mount {source} on {target}")


def bind(source: str, target: str, *, read_only: bool = False) -> None:
    """Bind mount; a read-only one takes two calls because MS_BIND ignores every other flag."""
    mount(source, target, flags=MS_BIND)
    if read_only:
        mount(source, target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC)


def pivot_into(new_root: str) -> None:
    """Make `new_root` (a mount point) the root and let go of the old one, pivot_root(2) NOTES."""
    os.chdir(new_root)
    _check(_libc.syscall(_SYS_PIVOT_ROOT, b".", b"."), f"pivot_root to {new_root}")
    _check(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")


def unmount(target: str) -> None:
    """Take a mount away, at once for new users of the path, umount2(2) MNT_DETACH."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount of {target}")


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that forked it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl PDEATHSIG")


def adopt_orphans() -> None:
    """Become the parent of each process below this one whose own parent ends (not pid 1)."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl CHILD_SUBREAPER")


def drop_capabilities(numbers: Iterable[int]) -> None:
    """Take capabilities, capabilities(7), from all that this process will ever execute."""
    for number in numbers:
        _check(_libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0), f"prctl CAPBSET_DROP {number}")


def set_name(name: str) -> None:
    """Name this process in ps and top (15 bytes)."""
    _check(_libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0), "prctl NAME")


def start_time(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot, or None when it is gone.

    With the pid it names one process for good, since pids are used again (proc_pid_stat(5), field
    22).
    """
    fields = _stat(pid)
    return fields[19] if fields else None


def can_fork(pid: int) -> bool:
    """Whether a process is there and neither stopped nor dead.

    One in state D waits in the kernel and meets its signal first when it comes out: vfork(2) holds
    a parent there until its child, which may be stopped by then, has its own program.
    """
    fields = _stat(pid)
    return bool(fields) and fields[0] not in ("T", "t", "D")


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third one on; empty for one that is gone or dead."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    fields = text.rpartition(")")[2].split()
    return [] if fields[0] in ("Z", "X") else fields


def descendants(pid: int) -> list[int]:
    """The process and everything below it, parents first; empty when it is gone."""
    found: list[int] = []
    pending = [pid]
    while pending:
        current = pending.pop()
        try:
            tasks = list(Path(f"/proc/{current}/task").iterdir())
            children = [(task / "children").read_text().split() for task in tasks]
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append(current)
        pending.extend(int(child) for group in children for child in group)
    return found


def socket_in(netns: str, family: int, kind: int, proto: int = 0) -> socket.socket:
    """A socket that lives in another network namespace (path such as /proc/PID/ns/net).

    setns changes only the thread that calls it, so a short-lived thread makes the socket and the
    caller stays home.
    """
    result: list[socket.socket | OSError] = []

    def make() -> None:
        try:
            fd = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
            try:
                setns(fd, CLONE_NEWNET)
            finally:
                os.close(fd)
            result.append(socket.socket(family, kind, proto))
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise result[0]
    return result[0]
