# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the vsftpd that serves the test package, see vsftpd.conf(5)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.package import (
    find_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.ports import (
    parse_port,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.problems import (
    ValueProblem,
)

_PREFIX = "update_server_"
_ALWAYS = {
    # The unit, or the role, keeps the process.
    "background": "NO",
    # Anonymous users may read, and nobody may do anything else.
    "anonymous_enable": "YES",
    "no_anon_password": "YES",
    "local_enable": "NO",
    "write_enable": "NO",
    # The vendor's table: active mode comes from port 20.
    "connect_from_port_20": "YES",
    "syslog_enable": "YES",
    # Both want kernel features that a container has no right to; the served directory is read-only
    # and public.
    "seccomp_sandbox": "NO",
    "isolate_network": "NO",
}


def vsftpd_config(settings: Mapping[str, Any]) -> str:
    """Return the text of vsftpd.conf for the settings of the role update_server.

    Raises `InputError` with every problem of the variables.
    """
    problems: list[Problem] = []
    package = {**settings, "path": settings["directory"]}
    for problem in find_problems(package):
        name = "directory" if problem.where == "path" else problem.where
        problems.append(Problem(_PREFIX + name, problem.what))
    if not settings["file"] or "/" in settings["file"] or settings["file"].startswith("."):
        problems.append(Problem(f"{_PREFIX}file", f"{settings['file']!r} is not a file's name"))
    for name in ("directory", "file"):
        if any(letter in settings[name] for letter in "\r\n"):
            problems.append(Problem(_PREFIX + name, "has a line break"))
    port = _single_port(settings, problems)
    values = {
        # With IPv6 one socket serves both families; without it the kernel refuses that one.
        "listen": "NO" if settings["ipv6"] else "YES",
        "listen_ipv6": "YES" if settings["ipv6"] else "NO",
        **_ALWAYS,
        "listen_port": str(port),
        "ftp_data_port": str(port - 1),
        "anon_root": settings["directory"],
        "secure_chroot_dir": settings["chroot"],
        **_passive_ports(settings, problems),
        **_passive_address(settings, problems),
    }
    if problems:
        raise InputError(problems)
    header = "# Written by the role legalops.timesensor.update_server.\n"
    return header + "".join(f"{name}={value}\n" for name, value in values.items())


def _single_port(settings: Mapping[str, Any], problems: list[Problem]) -> int:
    try:
        found = parse_port(settings["port"])
    except ValueProblem as problem:
        problems.append(Problem(f"{_PREFIX}port", str(problem)))
        return 0
    # RFC 959 section 3.2: active mode comes from the port below, and 0 is none.
    if len(found) != 1 or found.first == 1:
        problems.append(Problem(f"{_PREFIX}port", f"{found} is not one port from 2 to 65535"))
    return found.first


def _passive_ports(settings: Mapping[str, Any], problems: list[Problem]) -> dict[str, str]:
    if not settings["passive_ports"]:
        return {}
    try:
        found = parse_port(settings["passive_ports"])
    except ValueProblem as problem:
        problems.append(Problem(f"{_PREFIX}passive_ports", str(problem)))
        return {}
    return {"pasv_min_port": str(found.first), "pasv_max_port": str(found.last)}


def _passive_address(settings: Mapping[str, Any], problems: list[Problem]) -> dict[str, str]:
    if not settings["passive_address"]:
        return {}
    try:
        address = ipaddress.IPv4Address(settings["passive_address"])
    except ValueError:
        what = f"{settings['passive_address']!r} is not an IPv4 address"
        problems.append(Problem(f"{_PREFIX}passive_address", what))
        return {}
    return {"pasv_address": str(address)}
