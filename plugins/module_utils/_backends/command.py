# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a host's own tools with a fixed language and path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from .._model.errors import TimesensorError, UnsupportedError
from .._plan.ruleset import Ruleset, parse_ruleset

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIMEOUT_S = 60
_LEGACY_TABLES = ("/proc/net/ip_tables_names", "/proc/net/ip6_tables_names")


def find_tool(name: str, package: str, what_for: str) -> str:
    """Return the path of a tool. Raises `UnsupportedError` that names the package to install."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), _PATH)))
    if found is None:
        raise UnsupportedError(
            f"{name} is not on this host, and it is needed to {what_for}: install the package"
            f" {package}. Nothing was changed."
        )
    return found


def find_nft() -> str:
    """Return the path of nft(8). Raises `UnsupportedError` when it is not there."""
    return find_tool("nft", "nftables", "apply and audit firewall policies")


def read_ruleset(nft: str) -> Ruleset:
    """Return the live ruleset of this network namespace."""
    return parse_ruleset(json.loads(run_tool([nft, "-j", "list", "ruleset"])))


def has_legacy_nat() -> bool:
    """Tell whether iptables-legacy holds a NAT table here, which nft does not show."""
    for path in _LEGACY_TABLES:
        try:
            with open(path, encoding="ascii") as stream:
                if "nat" in stream.read().split():
                    return True
        except OSError:
            continue  # the kernel has no legacy iptables
    return False


def run_tool(command: list[str], stdin: str = "") -> str:
    """Run a command and return what it prints. Raises `TimesensorError` with its own words when it
    fails."""
    environment = {**os.environ, "LC_ALL": "C", "PATH": _PATH}
    try:
        # Not AnsibleModule.run_command: the restore program runs this at boot, without Ansible.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            # A comment or a name that somebody typed in another encoding must not stop us.
            errors="surrogateescape",
            env=environment,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimesensorError(f"{' '.join(command)} gave no answer in {_TIMEOUT_S} s") from None
    if done.returncode != 0:
        words = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        raise TimesensorError(f"{' '.join(command)} failed: {words}")
    return done.stdout
