# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is: a process that is pid 1 of its own net, mount, pid, uts and ipc namespaces.

The keeper forks it; it builds its root (overlay over the cached Debian root, upper layer on a tmpfs
that no one else can see), pivots into it, and then only reaps. Nothing of it exists outside its
namespaces, so its death is its removal.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import stat
from typing import NoReturn

from . import linux

# Device nodes, as containers have them, and the TUN device for forwarders that delay and lose
# packets.
_DEVICES = {
    "null": (1, 3, 0o666),
    "zero": (1, 5, 0o666),
    "full": (1, 7, 0o666),
    "random": (1, 8, 0o666),
    "urandom": (1, 9, 0o666),
    "tty": (5, 0, 0o666),
    "net/tun": (10, 200, 0o600),
}


@dataclasses.dataclass(frozen=True)
class InitSpec:
    """What the keeper is told about one host. `root` empty: only a network namespace (the wire)."""

    name: str
    root: str
    mountpoint: str  # an empty directory of the run dir; mounts on it are seen by this host only
    disk: str  # a directory on disk that the host sees as /srv/lab
    upper_mib: int = 1024


def run(spec: InitSpec, ready: int) -> NoReturn:
    """Become the host, say `ok` (or what failed) into the pipe `ready`, and reap until killed.

    Never returns.
    """
    try:
        linux.die_with_parent()
        os.setsid()
        linux.set_name(f"lab:{spec.name}")
        linux.unshare(
            linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC
        )
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        if spec.root:
            _build_root(spec)
            socket.sethostname(spec.name)
        _let_go_of_files(keep=ready)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        os.write(ready, b"ok")
        os.close(ready)
    except BaseException as error:  # there is no one above to tell but the pipe
        with contextlib.suppress(OSError):
            os.write(ready, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    while True:
        signal.sigwait({signal.SIGCHLD})
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _build_root(spec: InitSpec) -> None:
    base = spec.mountpoint
    linux.mount("lab", base, "tmpfs", linux.MS_NODEV, f"size={spec.upper_mib}m,mode=0755")
    for name in ("upper", "work", "root"):
        os.mkdir(f"{base}/{name}")
    os.chmod(f"{base}/upper", 0o755)
    lower = spec.root.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
    upper = base.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
    root = f"{base}/root"
    linux.mount(
        "lab", root, "overlay", 0, f"lowerdir={lower},upperdir={upper}/upper,workdir={upper}/work"
    )
    tmpfs = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("run", f"{root}/run", "tmpfs", tmpfs, "mode=0755,size=64m")
    linux.mount("tmp", f"{root}/tmp", "tmpfs", tmpfs, "mode=1777,size=1024m")
    os.mkdir(f"{root}/run/lock", 0o1777)
    _make_dev(f"{root}/dev")
    linux.mount("sysfs", f"{root}/sys", "sysfs", tmpfs | linux.MS_NOEXEC | linux.MS_RDONLY)
    proc = f"{root}/proc"
    linux.mount("proc", proc, "proc", tmpfs | linux.MS_NOEXEC)
    # Most of /proc/sys is the machine's own; only net is this host's.
    linux.bind(f"{proc}/sys/net", f"{proc}/sys/net")
    linux.mount(f"{proc}/sys", f"{proc}/sys", flags=linux.MS_BIND | linux.MS_REC)
    linux.mount("none", f"{proc}/sys", flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY)
    if os.path.exists(f"{proc}/sysrq-trigger"):
        linux.bind(f"{proc}/sysrq-trigger", f"{proc}/sysrq-trigger", read_only=True)
    os.makedirs(f"{root}/srv/lab", exist_ok=True)
    linux.bind(spec.disk, f"{root}/srv/lab")
    linux.pivot_into(root)


def _make_dev(dev: str) -> None:
    linux.mount("dev", dev, "tmpfs", linux.MS_NOSUID | linux.MS_NOEXEC, "mode=0755,size=64k")
    mask = os.umask(0)
    try:
        os.mkdir(f"{dev}/net", 0o755)
        for name, (major, minor, mode) in _DEVICES.items():
            os.mknod(f"{dev}/{name}", stat.S_IFCHR | mode, os.makedev(major, minor))
        os.mkdir(f"{dev}/pts", 0o755)
        os.mkdir(f"{dev}/shm", 0o1777)
    finally:
        os.umask(mask)
    linux.mount(
        "devpts",
        f"{dev}/pts",
        "devpts",
        linux.MS_NOSUID | linux.MS_NOEXEC,
        "newinstance,ptmxmode=0666,mode=0620,gid=5",
    )
    linux.mount("shm", f"{dev}/shm", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=1777")
    os.symlink("pts/ptmx", f"{dev}/ptmx")
    os.symlink("/proc/self/fd", f"{dev}/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{dev}/{name}")


def _let_go_of_files(keep: int) -> None:
    """Close what the keeper had open.

    A pipe held here would keep another process from seeing its end.
    """
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.closerange(3, keep)
    os.closerange(keep + 1, 4096)
