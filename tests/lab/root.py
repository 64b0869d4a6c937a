# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian root that all hosts stand on: built once with debootstrap, then only read.

Its name is a hash of what goes into it, so a changed package list is a new root. It is built under
a lock in a directory of another name and renamed when it is complete: what has the final name is
whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import mirrors, rundir
from .errors import LabError

# fmt: off
LIGHT_PACKAGES = (
    "ca-certificates", "conntrack", "curl", "ethtool", "iproute2", "iputils-ping", "netbase",
    "nftables", "nginx-light", "openssh-client", "openssh-server", "openssl", "procps", "python3",
    "tcpdump", "vsftpd",
)
# Debian lets only one FTP server be installed at a time; these are unpacked beside vsftpd, their
# needs installed.
UNPACKED_PACKAGES = ("proftpd-core", "pure-ftpd", "pure-ftpd-common")
# What a firewall that others wrote needs; for captures of foreign rulesets.
CAPTURE_PACKAGES = ("fail2ban", "firewalld", "iptables", "podman", "ufw")
# fmt: on
# Debian 12 has no aioquic (the QUIC server of the lab); exact versions, from PyPI.
QUIC_REQUIREMENTS = Path(__file__).parent / "quic-requirements.txt"
PYTHON_OF_SUITE = {"bookworm": "3.11", "trixie": "3.13"}

_PREPARE = r"""
mkdir -p "$ROOT/etc/dpkg/dpkg.cfg.d" "$ROOT/etc/apt/apt.conf.d" "$ROOT/usr/sbin"
cat > "$ROOT/etc/dpkg/dpkg.cfg.d/lab" <<'END'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/lintian/*
END
printf '#!/bin/sh\nexit 101\n' > "$ROOT/usr/sbin/policy-rc.d"
chmod 755 "$ROOT/usr/sbin/policy-rc.d"
"""
_DEBOOTSTRAP = r"""
debootstrap --variant=minbase $KEYRING "$SUITE" "$ROOT" "$MIRROR"
"""
_INSTALL = r"""
cp "$WORK/sources.list" "$ROOT/etc/apt/sources.list"
cp "$WORK/apt.conf" "$ROOT/etc/apt/apt.conf.d/90lab"
cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
# A minimal machine may have none, or name its mirror there.
[ ! -e /etc/hosts ] || cp /etc/hosts "$ROOT/etc/hosts"
if [ -n "$CA_FILE" ]; then
    mkdir -p "$ROOT$(dirname "$CA_FILE")"
    cp "$CA_FILE" "$ROOT$CA_FILE"
fi
mount -t proc proc "$ROOT/proc"
inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive chroot "$ROOT" "$@"
}
inside apt-get -q update
inside apt-get -qy --no-install-recommends install $PACKAGES
if [ -n "$UNPACKED" ]; then
    mkdir "$ROOT/var/tmp/unpack"
    inside sh -ec "chown _apt /var/tmp/unpack; cd /var/tmp/unpack; apt-get -q download $UNPACKED"
    for deb in "$ROOT"/var/tmp/unpack/*.deb; do
        # An inetd is only needed to start a server from it.
        needs=$(dpkg-deb -f "$deb" Depends |
            sed 's/ *openbsd-inetd *|[^,]*,\{0,1\}//; s/pure-ftpd-common[^,]*,\{0,1\}//')
        inside apt-get -qy --no-install-recommends satisfy "$needs"
    done
    # Not dpkg-deb -x: it would put a directory in the place of the link /lib.
    for deb in "$ROOT"/var/tmp/unpack/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$ROOT"
    done
    rm -r "$ROOT/var/tmp/unpack"
fi
"""
_FINISH = r"""
umount "$ROOT/proc"
inside apt-get clean
# The hosts' own authority: every host trusts it, no one else does.
mkdir -p "$ROOT/etc/lab-ca" "$ROOT/usr/local/share/ca-certificates"
inside openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/O=timesensor lab/CN=lab CA" \
    -keyout /etc/lab-ca/ca.key -out /etc/lab-ca/ca.pem 2>/dev/null
cp "$ROOT/etc/lab-ca/ca.pem" "$ROOT/usr/local/share/ca-certificates/lab-ca.crt"
inside update-ca-certificates >/dev/null
cd "$ROOT"
rm -rf var/lib/apt/lists/* var/cache/debconf/*-old var/log/*.log var/lib/dpkg/*-old \
    usr/share/doc/* usr/share/man/* usr/share/locale/* usr/share/info/* \
    etc/apt/apt.conf.d/90lab usr/sbin/policy-rc.d
if [ -n "$CA_FILE" ] && [ "$CA_FILE" != /etc/ssl/certs/ca-certificates.crt ]; then
    rm -f "$ROOT$CA_FILE"
fi
: > "$ROOT/etc/resolv.conf"
echo '127.0.0.1 localhost' > "$ROOT/etc/hosts"
rm -f "$ROOT/etc/machine-id"
"""
_RECIPE = "set -eu\n" + _PREPARE + _DEBOOTSTRAP + _INSTALL + _FINISH
# What a host with an init system of its own needs: users come over SSH and become root by sudo.
# fmt: off
BOOTED_PACKAGES = (
    "ca-certificates", "conntrack", "curl", "dbus", "iproute2", "iputils-ping", "libpam-systemd",
    "netbase", "nftables", "openssh-client", "openssh-server", "openssl", "procps", "python3",
    "python3-apt", "sudo", "systemd", "systemd-sysv",
)
# fmt: on
# What roles install there: the hosts reach no mirror, so an archive of their own carries it.
ARCHIVED_PACKAGES = ("vsftpd",)
ADMIN = "admin"
_ARCHIVE = r"""
inside apt-get -qy --no-install-recommends --download-only install $ARCHIVED
mkdir -p "$ROOT/opt/lab/apt"
mv "$ROOT"/var/cache/apt/archives/*.deb "$ROOT/opt/lab/apt/"
(
    cd "$ROOT/opt/lab/apt"
    for deb in *.deb; do
        dpkg-deb -f "$deb"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' \
            "$deb" "$(stat -c %s "$deb")" "$(sha256sum < "$deb" | cut -d' ' -f1)"
    done > Packages
)
"""
_MAKE_BOOTABLE = r"""
echo 'deb [trusted=yes] file:/opt/lab/apt ./' > "$ROOT/etc/apt/sources.list"
inside apt-get -q update
inside useradd --create-home --shell /bin/bash $ADMIN
echo "$ADMIN ALL=(ALL) NOPASSWD: ALL" > "$ROOT/etc/sudoers.d/$ADMIN"
chmod 440 "$ROOT/etc/sudoers.d/$ADMIN"
# apt's own timers would take its lock at some moment of their choice, and find no mirror.
inside systemctl mask apt-daily.timer apt-daily-upgrade.timer
# It would mount the list of the machine's own FUSE connections.
inside systemctl mask sys-fs-fuse-connections.mount
# Each host gets keys and a machine id of its own when it is made.
rm -f "$ROOT"/etc/ssh/ssh_host_* "$ROOT/var/lib/dbus/machine-id"
: > "$ROOT/etc/machine-id"
"""


@dataclasses.dataclass(frozen=True)
class Root:
    """A kind of root.

    `packages` are installed, `unpacked` only unpacked (they conflict with an installed one).
    """

    packages: tuple[str, ...] = LIGHT_PACKAGES
    unpacked: tuple[str, ...] = UNPACKED_PACKAGES
    suite: str = "bookworm"
    quic: bool = True

    @property
    def recipe(self) -> str:
        """The shell script that fills the root."""
        return _RECIPE

    @property
    def key(self) -> str:
        """Hash of all that goes into it."""
        recipe = [dataclasses.asdict(self), platform.machine(), self.recipe]
        if self.quic:
            recipe.append(QUIC_REQUIREMENTS.read_text())
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]

    def directory(self) -> Path:
        """Where it is or will be."""
        return rundir.cache_dir() / f"root-{self.suite}-{self.key}"

    def path(self, say: Callable[[str], None]) -> Path:
        """The root's directory; builds it first when it is not there. `say` gets progress lines."""
        final = self.directory()
        if final.is_dir():
            return final
        if os.geteuid() != 0:
            raise LabError("building the lab's Debian root needs root: run it with sudo")
        if shutil.which("debootstrap") is None:
            raise LabError(
                "the lab's Debian root is built with debootstrap, which is not installed: "
                "apt-get install debootstrap (`make setup` does it)"
            )
        rundir.cache_dir().mkdir(parents=True, exist_ok=True)
        with _lock(say):
            if not final.is_dir():
                _build(self, final, say)
        return final


def _capture_root(suite: str, *more: str) -> Root:
    packages = LIGHT_PACKAGES + CAPTURE_PACKAGES + more
    return Root(packages=packages, unpacked=(), suite=suite, quic=False)


# By suite. Debian 13 leaves it to a recommended package how podman makes its networks.
CAPTURE_ROOTS = {
    "bookworm": _capture_root("bookworm"),
    "trixie": _capture_root("trixie", "netavark"),
}


@dataclasses.dataclass(frozen=True)
class BootedRoot(Root):
    """A root whose hosts boot: systemd is their pid 1, and sshd waits for `ADMIN`.

    `archived` packages are not installed but lie in an apt archive of the root's own.
    """

    packages: tuple[str, ...] = BOOTED_PACKAGES
    unpacked: tuple[str, ...] = ()
    quic: bool = False
    archived: tuple[str, ...] = ARCHIVED_PACKAGES

    @property
    def recipe(self) -> str:
        words = f"ADMIN={ADMIN}\nARCHIVED='{' '.join(self.archived)}'\n"
        steps = (_PREPARE, _DEBOOTSTRAP, _INSTALL, _ARCHIVE, _FINISH, _MAKE_BOOTABLE)
        return "set -eu\n" + words + "".join(steps)


# By suite, as in HostSpec.boots.
BOOTED_ROOTS = {suite: BootedRoot(suite=suite) for suite in ("bookworm", "trixie")}


@contextlib.contextmanager
def _lock(say: Callable[[str], None]) -> Iterator[None]:
    with open(rundir.cache_dir() / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("lab: waiting for another process that builds the Debian root")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(root: Root, final: Path, say: Callable[[str], None]) -> None:
    for half in rundir.cache_dir().glob("*.building"):
        shutil.rmtree(half)
    work = final.with_name(final.name + ".building")
    work.mkdir(mode=0o700)
    log = rundir.cache_dir() / "build.log"
    started = time.monotonic()
    chosen = mirrors.of_machine()
    say(f"lab: building the Debian root from {chosen.debian} (about 2 minutes, once); log: {log}")
    settings = mirrors.apt_settings()
    (work / "sources.list").write_text(chosen.sources_list(root.suite))
    (work / "apt.conf").write_text("".join(f"{line}\n" for line in settings))
    target = work / "root"
    environment = {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin") + ":/usr/sbin:/sbin",
        "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C.UTF-8",
        **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")},
        **mirrors.proxy_environment(settings),
        "ROOT": str(target),
        "WORK": str(work),
        "SUITE": root.suite,
        "MIRROR": chosen.debian,
        "KEYRING": _keyring_option(),
        "PACKAGES": " ".join(root.packages),
        "UNPACKED": " ".join(root.unpacked),
        "CA_FILE": _ca_file(settings),
    }
    try:
        with log.open("w") as output:
            _run_recipe(root.recipe, environment, output.fileno(), log, say)
            if root.quic:
                say("lab: adding the QUIC server (aioquic, from PyPI)")
                _add_quic(root, target, output.fileno(), log)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    target.chmod(0o755)
    target.rename(final)
    shutil.rmtree(work)
    say(f"lab: Debian root ready after {time.monotonic() - started:.0f} s: {final}")


def _run_recipe(
    recipe: str, environment: dict[str, str], output: int, log: Path, say: Callable[[str], None]
) -> None:
    """Run the recipe in namespaces of its own: killing it leaves neither mounts nor processes."""
    # fmt: off
    command = [
        "setpriv", "--pdeathsig", "KILL", "--",
        "unshare", "--mount", "--propagation", "private",
        "--pid", "--fork", "--kill-child", "--mount-proc", "--",
        "sh", "-c", recipe,
    ]
    # fmt: on
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )
    try:
        next_word = time.monotonic() + 20
        while True:
            try:
                rc = process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > next_word:
                    next_word += 20
                    lines = log.read_text(errors="replace").splitlines()
                    say(f"lab: building: {lines[-1][:100] if lines else '...'}")
    except BaseException:
        process.kill()
        process.wait()
        raise
    if rc != 0:
        raise LabError(_failure("the Debian root could not be built", log))


def _add_quic(root: Root, target: Path, output: int, log: Path) -> None:
    pip = _find_pip()
    libc = "2_36" if root.suite == "bookworm" else "2_41"
    machine = platform.machine()
    # Wheels for the root's own Python and C library, whatever Python this is.
    tags = [
        f"manylinux_2_{minor}_{machine}" for minor in range(int(libc.partition("_")[2]), 16, -1)
    ]
    command = [*pip, "install", "--quiet", "--no-compile", "--no-deps", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", PYTHON_OF_SUITE[root.suite]]
    for tag in [*tags, f"manylinux2014_{machine}"]:
        command += ["--platform", tag]
    command += ["--target", str(target / "opt/lab/python"), "-r", str(QUIC_REQUIREMENTS)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
    )
    if done.returncode != 0:
        raise LabError(_failure("aioquic could not be installed into the Debian root", log))


def _find_pip() -> list[str]:
    for python in (sys.executable, "python3"):
        command = [python, "-m", "pip"]
        found = shutil.which(python) and subprocess.run(
            [*command, "--version"], capture_output=True, check=False
        )
        if found and found.returncode == 0:
            return command
    raise LabError(
        "the lab's QUIC server comes from PyPI, and this Python has no pip: "
        "run through `make`, or apt-get install python3-pip"
    )


def _failure(what: str, log: Path) -> str:
    tail = log.read_text(errors="replace").splitlines()[-12:]
    return f"{what}; nothing was kept. The end of {log}:\n" + "\n".join(
        f"  {line}" for line in tail
    )


def _keyring_option() -> str:
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    return f"--keyring={keyring}" if keyring.exists() else ""


def _ca_file(settings: list[str]) -> str:
    for line in settings:
        if line.startswith("Acquire::https::CaInfo "):
            return line.split('"')[1]
    return ""
