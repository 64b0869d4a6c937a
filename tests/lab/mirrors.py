# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Debian mirror this machine uses, and how apt reaches it.

The lab's roots come from the same place.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

DEBIAN = "http://deb.debian.org/debian"
SECURITY = "http://security.debian.org/debian-security"
# Distributions whose mirror also has the suites that we build; on others (Ubuntu) the public mirror
# is used.
_DEBIAN_SUITES = ("buster", "bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing")


@dataclasses.dataclass(frozen=True)
class Mirrors:
    """Base addresses of the archive and of the security archive."""

    debian: str = DEBIAN
    security: str = SECURITY

    def sources_list(self, suite: str) -> str:
        """sources.list for a root of that suite."""
        return (
            f"deb {self.debian} {suite} main\n"
            f"deb {self.debian} {suite}-updates main\n"
            f"deb {self.security} {suite}-security main\n"
        )


def parse_one_line(text: str) -> Iterator[tuple[str, str]]:
    """(address, suite) of each active `deb` line, sources.list(5) one-line style."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            yield match[1], match[2]


def parse_deb822(text: str) -> Iterator[tuple[str, str]]:
    """(address, suite) of each active `deb` stanza, sources.list(5) deb822 style."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            elif ":" in line:
                name, _unused, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0", "off"):
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite


def choose(entries: Iterable[tuple[str, str]]) -> Mirrors:
    """The first http(s) mirror of Debian and of its security archive among the sources."""
    debian = security = ""
    for uri, suite in entries:
        if not uri.startswith(("http://", "https://")):
            continue
        base, _unused, pocket = suite.partition("-")
        base, _unused, path = base.partition("/")
        if base not in _DEBIAN_SUITES:
            continue
        if pocket.startswith("security") or path == "updates":
            security = security or uri.rstrip("/")
        elif not pocket:
            debian = debian or uri.rstrip("/")
    return Mirrors(debian or DEBIAN, security or SECURITY)


def of_machine(etc_apt: Path = Path("/etc/apt")) -> Mirrors:
    """The mirrors in this machine's apt configuration."""
    entries: list[tuple[str, str]] = []
    parts = etc_apt / "sources.list.d"
    for path in [etc_apt / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.is_file():
            entries += parse_one_line(path.read_text())
    for path in sorted(parts.glob("*.sources")):
        entries += parse_deb822(path.read_text())
    return choose(entries)


def apt_settings() -> list[str]:
    """How the machine's apt downloads (proxy, certificates, retries), as apt.conf lines.

    Only these: the rest of apt.conf.d has hooks that belong to programs of the machine.
    """
    if shutil.which("apt-config") is None:
        return []
    done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    wanted = re.compile(
        r"Acquire::(http|https|ftp|Retries|Check-|ForceIP|AllowInsecure|AllowWeak|Queue-Mode)"
    )
    return [line for line in done.stdout.splitlines() if wanted.match(line)]


def proxy_environment(settings: Iterable[str]) -> dict[str, str]:
    """The same proxy for wget, which debootstrap downloads with."""
    found = {}
    for line in settings:
        match = re.match(r'Acquire::(https?)::Proxy "([^"]+)";', line)
        if match and match[2] != "DIRECT":
            found[f"{match[1]}_proxy"] = match[2]
    return found
