# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is: a process that is pid 1 of its own net, mount, pid, uts and ipc namespaces.

The keeper forks it; it builds its root (overlay over the cached Debian root, upper layer on a tmpfs
that no one else can see), pivots into it, and then only reaps. Nothing of it exists outside its
namespaces, so its death is its removal.

A host that boots waits in the same way until its cables are plugged in, and turns into systemd when
it is told to (BOOT). Its upper layer belongs to the keeper, so that files outlive a reboot, and it
has a cgroup, which the keeper removes.
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

# Tells a host that waits to start its systemd.
BOOT = signal.SIGUSR2
# systemd itself may do to the machine no more than what runs in the other hosts (enter_argv): of
# capabilities(7) mac_override, mac_admin, syslog, sys_module, sys_rawio, sys_time, mknod,
# audit_control, wake_alarm, block_suspend, audit_read. It keeps sys_boot: reboot(2) inside a pid
# namespace ends that namespace only.
_NOT_FOR_SYSTEMD = (32, 33, 34, 16, 17, 25, 27, 30, 35, 36, 37)
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
    boots: bool = False
    # Of a host that boots: a directory in a cgroup2 file system, which becomes the host's own tree.
    # The keeper fills it in.
    cgroup: str = ""


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
        if spec.cgroup:
            _enter_cgroup(spec.cgroup)
        if spec.root:
            _build_root(spec)
            socket.sethostname(spec.name)
        _let_go_of_files(keep=ready)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, BOOT})
        os.write(ready, b"ok")
        os.close(ready)
    except BaseException as error:  # there is no one above to tell but the pipe
        with contextlib.suppress(OSError):
            os.write(ready, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    awaited = {signal.SIGCHLD, BOOT} if spec.cgroup else {signal.SIGCHLD}
    while signal.sigwait(awaited) == signal.SIGCHLD:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    _become_systemd()


def _become_systemd() -> NoReturn:
    try:
        linux.drop_capabilities(_NOT_FOR_SYSTEMD)
        # What the keeper ignores would be ignored by everything below systemd.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # By $container systemd knows that devices, modules and the clock are somebody else's.
        environment = {"container": "lab", "PATH": os.defpath, "LANG": "C.UTF-8"}
        os.execve("/sbin/init", ["/sbin/init"], environment)
    finally:
        os._exit(1)


def _enter_cgroup(path: str) -> None:
    """Make the directory this process's cgroup, and the root of all cgroups that it can see."""
    with open(f"{path}/cgroup.procs", "w") as file:
        file.write("0")
    linux.unshare(linux.CLONE_NEWCGROUP)


def make_upper(mountpoint: str, mib: int) -> None:
    """Mount the tmpfs that takes what a host writes into its root."""
    linux.mount("lab", mountpoint, "tmpfs", linux.MS_NODEV, f"size={mib}m,mode=0755")
    for name in ("upper", "work", "root"):
        os.mkdir(f"{mountpoint}/{name}")
    os.chmod(f"{mountpoint}/upper", 0o755)


def _build_root(spec: InitSpec) -> None:
    base = spec.mountpoint
    if not os.path.ismount(base):
        make_upper(base, spec.upper_mib)
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
    if spec.cgroup:
        linux.mount("cgroup2", f"{root}/sys/fs/cgroup", "cgroup2", tmpfs | linux.MS_NOEXEC)
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
