# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine itself looks like: two snapshots tell whether a lab left anything on it.

Each part is a list of lines, one for each thing that a lab could have changed. Left out is what
changes by itself on a living machine, so that a difference is news: counters, lifetimes, link state
and the elements of nft's sets, where fail2ban and others keep addresses for a while. Processes are
no part: a machine starts and ends some all the time, so lab.supervisor follows our own instead.

`make demo` runs this file by itself, before set-up, under whatever python3 the machine has: so it
needs only the standard library and Python 3.8, and nothing from this package.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

Lines = Tuple[str, ...]

# A fresh machine's PATH may lack them, even root's.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
# Lists that grow when a kernel module is loaded, and a secret that is made up on first use.
_SYSCTLS_LEFT_OUT = re.compile(r"tcp_(available|allowed)_congestion_control|tcp_fastopen_key")
# Mounts that come and go as people log in and as services start.
_MOUNTS_LEFT_OUT = re.compile(r"/run/(user|credentials)/")


@dataclasses.dataclass(frozen=True)
class Machine:
    """One snapshot; a part is None where the machine has nothing to ask for it (`WHY_UNSEEN`)."""

    rules: Optional[Lines]
    links: Optional[Lines]
    addresses: Optional[Lines]
    routes: Optional[Lines]
    namespaces: Optional[Lines]
    mounts: Optional[Lines]
    sysctls: Optional[Lines]
    services: Optional[Lines]
    packages: Optional[Lines]
    etc: Optional[Lines]
    # Not compared: the kernel loads a module when it is first needed, and keeps it.
    modules: Optional[Lines]

    @classmethod
    def now(cls) -> Machine:
        """Look at the machine. Raises CalledProcessError when one of its programs fails."""
        modules = _modules()  # first, since asking nft may load one
        links, addresses = _links_and_addresses()
        return cls(
            rules=_command("nft", "-s", "-t", "list", "ruleset"),
            links=links,
            addresses=addresses,
            routes=_routes(),
            namespaces=tuple(sorted(_names(Path("/run/netns")))),
            mounts=tuple(sorted(_mounts(Path("/proc/self/mountinfo").read_text()))),
            sysctls=tuple(sorted(_sysctls(Path("/proc/sys")))),
            services=_services(),
            packages=_command(
                "dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\\n"
            ),
            etc=tuple(sorted(files_below(Path("/etc")))),
            modules=modules,
        )

    @classmethod
    def load(cls, path: Path) -> Machine:
        """Read what save() wrote. Raises OSError or ValueError."""
        parts = json.loads(path.read_text())
        return cls(**{name: None if part is None else tuple(part) for name, part in parts.items()})

    def save(self, path: Path) -> None:
        """Keep it for another process; for root's eyes, since it has digests of all of /etc."""
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            json.dump(dataclasses.asdict(self), file)


# Field -> what it is called, in the order in which it is shown.
TITLES: Dict[str, str] = {
    "rules": "nft ruleset",
    "links": "interfaces",
    "addresses": "addresses",
    "routes": "routes",
    "namespaces": "named network namespaces",
    "mounts": "mounts",
    "sysctls": "kernel settings",
    "services": "services started at boot",
    "packages": "Debian packages",
    "etc": "/etc",
}
WHY_UNSEEN: Dict[str, str] = {
    "rules": "there was no nft",
    "links": "there was no ip",
    "addresses": "there was no ip",
    "routes": "there was no ip",
    "services": "this machine does not run systemd",
    "packages": "there was no dpkg",
}


def difference(before: Machine, after: Machine) -> Dict[str, List[str]]:
    """Return the changed lines of each part that both have seen: `- former`, `+ present`."""
    changed: Dict[str, List[str]] = {}
    for field in TITLES:
        former, present = getattr(before, field), getattr(after, field)
        if former is not None and present is not None and former != present:
            changed[field] = [
                f"{line[0]} {line[1:]}"
                for line in difflib.unified_diff(former, present, n=0, lineterm="")
                if not line.startswith(("---", "+++", "@@"))
            ]
    return changed


def _modules() -> Lines:
    """Names of the loaded kernel modules; none where the kernel has everything built in."""
    try:
        lines = Path("/proc/modules").read_text().splitlines()
    except FileNotFoundError:
        return ()
    return tuple(sorted(line.split()[0] for line in lines))


def _command(*words: str) -> Optional[Lines]:
    """The lines that a program prints, or None where it is not installed."""
    program = shutil.which(words[0], path=_PATH)
    if program is None:
        return None
    done = subprocess.run(
        [program, *words[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        text=True,
        check=True,
    )
    return tuple(done.stdout.splitlines())


def _links_and_addresses() -> Tuple[Optional[Lines], Optional[Lines]]:
    printed = _command("ip", "-json", "-details", "addr", "show")
    if printed is None:
        return None, None
    found: List[Dict[str, Any]] = [link for link in json.loads("".join(printed)) if link]
    links = (
        " ".join(
            str(word)
            for word in (
                link["ifname"],
                link.get("linkinfo", {}).get("info_kind", link["link_type"]),
                link.get("address", ""),
                f"mtu {link['mtu']}",
                "up" if "UP" in link["flags"] else "down",
                f"master {link['master']}" if "master" in link else "",
            )
            if word
        )
        for link in found
    )
    # Temporary addresses (RFC 8981) are replaced by the kernel itself.
    addresses = (
        f"{link['ifname']} {address['local']}/{address['prefixlen']} {address['scope']}"
        for link in found
        for address in link.get("addr_info", ())
        if "local" in address and not address.get("temporary")
    )
    return tuple(sorted(links)), tuple(sorted(addresses))


def _routes() -> Optional[Lines]:
    found: List[str] = []
    for family in ("-4", "-6"):
        printed = _command("ip", "-oneline", family, "route", "show", "table", "all")
        if printed is None:
            return None
        # A router advertisement's lifetime counts down, and a cable that is pulled is not ours.
        found += [
            re.sub(r" (expires \S+|linkdown|dead)", "", line).replace("\\", " ").strip()
            for line in printed
        ]
    return tuple(sorted(found))


def _names(folder: Path) -> List[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _mounts(mountinfo: str) -> Iterator[str]:
    """Lines of proc_pid_mountinfo(5) without ids and the file system's own options."""
    for line in mountinfo.splitlines():
        mount, _unused, file_system = line.partition(" - ")
        _unused, _unused, _unused, root, point, options, *_rest = mount.split(" ")
        if not _MOUNTS_LEFT_OUT.match(point):
            yield f"{point} {' '.join(file_system.split(' ')[:2])} {root} {options}"


def _sysctls(base: Path) -> Iterator[str]:
    """Settings that are there whichever kernel modules are loaded and interfaces exist."""
    folders = ["net/ipv4", "net/ipv6"]
    folders += [
        f"net/ipv{version}/conf/{which}" for version in "46" for which in ("all", "default")
    ]
    paths = [path for folder in folders for path in sorted((base / folder).glob("*"))]
    for path in [*paths, base / "kernel/hostname", base / "kernel/domainname"]:
        if path.is_file() and not _SYSCTLS_LEFT_OUT.match(path.name):
            try:
                yield f"{path.relative_to(base)} = {' '.join(path.read_text().split())}"
            except OSError:  # write-only ones, and keys that were never set
                continue


def _services() -> Optional[Lines]:
    if not os.path.isdir("/run/systemd/system"):  # sd_booted(3)
        return None
    plain = ("--type=service", "--plain", "--no-legend", "--full", "--no-pager")
    files = _command("systemctl", "list-unit-files", *plain)
    units = _command("systemctl", "list-units", "--all", *plain)
    return None if files is None or units is None else services_at_boot(files, units)


def services_at_boot(unit_files: Iterable[str], units: Iterable[str]) -> Lines:
    """Return name and state of each service that starts at boot.

    Others come and go by themselves: started by a timer or by D-Bus, ended when idle. The arguments
    are what systemctl prints for `list-unit-files` (name, state, ..) and for `list-units` (name,
    load, active, ..).
    """
    at_boot = set()
    for line in unit_files:
        words = line.split()
        if len(words) > 1 and words[1] in ("enabled", "enabled-runtime", "generated"):
            at_boot.add(words[0])
    found = []
    for line in units:
        words = line.split()
        if len(words) < 4:
            continue
        name, active = words[0], words[2]
        if name in at_boot or re.sub("@.*[.]", "@.", name) in at_boot:
            # One that is being restarted by systemd is as active as before.
            state = "active" if active in ("activating", "reloading") else active
            found.append(f"{name} {state}")
    return tuple(sorted(found))


def files_below(folder: Path) -> Iterator[str]:
    """Describe everything below a folder: path, mode, owner, and what is in it (SHA-256)."""
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(parent, name)
            try:
                yield _describe(path)
            except FileNotFoundError:  # gone since it was listed
                continue


def _describe(path: str) -> str:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        content = f"-> {os.readlink(path)}"
    elif stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()[:32]
    else:
        content = ""
    mode = stat.filemode(status.st_mode)
    return f"{path} {mode} {status.st_uid}:{status.st_gid} {content}".rstrip()


if __name__ == "__main__":
    Machine.now().save(Path(sys.argv[1]))
