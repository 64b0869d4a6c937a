# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variable C(endpoints) of a scenario role: where the flows go, and what is downloaded there.

A role's argument spec knows only that it is a dictionary. Everything in it is checked here, before
anything is applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.options import (
    argument_spec,
    find_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import Problem
from ansible_collections.legalops.timesensor.plugins.module_utils._model.ports import parse_port
from ansible_collections.legalops.timesensor.plugins.module_utils._model.problems import (
    ValueProblem,
)

# What ftp_path takes of it, under the same names.
_OF_DOWNLOAD = (
    "path",
    "user",
    "password",
    "seed",
    "expected_size",
    "checksum",
    "min_mbit",
    "max_bytes",
)
_KEYS = {
    "licence": ("host", "ports"),
    "update": ("host", "ports", *_OF_DOWNLOAD),
    "mail": ("host", "ports"),
    "server": ("host", "ports"),
}


def endpoint_problems(endpoints: Any) -> Iterator[Problem]:
    """Yield every problem of the variable; `where` begins with C(endpoints)."""
    if not isinstance(endpoints or {}, Mapping):
        yield Problem("endpoints", f"{endpoints!r} is not a dictionary of {', '.join(_KEYS)}")
        return
    for name, endpoint in (endpoints or {}).items():
        where = f"endpoints.{name}"
        if name not in _KEYS:
            yield Problem(where, f"unknown, the endpoints are {', '.join(_KEYS)}")
        elif not isinstance(endpoint or {}, Mapping):
            # A password could be in it: the value is not shown.
            yield Problem(where, "is not a dictionary, write the name or address below it as host")
        else:
            yield from _problems_of(where, endpoint or {}, _KEYS[name])


def _problems_of(
    where: str, endpoint: Mapping[str, Any], allowed: tuple[str, ...]
) -> Iterator[Problem]:
    for key in endpoint:
        if key not in allowed:
            yield Problem(f"{where}.{key}", f"unknown, the keys are {', '.join(allowed)}")
    ports = endpoint.get("ports")
    if not isinstance(ports or [], (list, tuple)):
        yield Problem(f"{where}.ports", f"{ports!r} is not a list, write [{ports}]")
    else:
        for port in ports or ():
            try:
                parse_port(port)
            except ValueProblem as problem:
                yield Problem(f"{where}.ports", str(problem))
    if "path" in allowed and endpoint.get("host") and endpoint.get("path"):
        yield from _download_problems(where, endpoint)


def _download_problems(where: str, endpoint: Mapping[str, Any]) -> Iterator[Problem]:
    """What ftp_path itself would refuse, in the middle of the proof."""
    given = {key: endpoint[key] for key in ("host", *_OF_DOWNLOAD) if key in endpoint}
    checked = ArgumentSpecValidator(argument_spec()).validate(given)
    for message in checked.error_messages:
        yield Problem(where, message)
    for problem in find_problems(checked.validated_parameters):
        # The policy checks the host of every flow, also of those that download nothing.
        if problem.where != "host":
            yield Problem(f"{where}.{problem.where}", problem.what)
