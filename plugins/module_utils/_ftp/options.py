# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ftp_path, checked all at once and made precise."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any, Dict, Optional, Tuple

from .._model.addresses import looks_like_name, parse_network
from .._model.errors import InputError
from .._model.problems import Problems, ValueProblem
from .data import AUTO, MODES
from .verifier import NONE, PATTERN, SHA256

FTP = "ftp"
PROTOCOLS = (FTP, "ftps", "ftps_implicit", "sftp")
VERIFY = (PATTERN, SHA256, NONE)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CHECKSUM = re.compile(r"^(?:sha256:)?([0-9A-Fa-f]{64})$")
_MAX_TIMEOUT = 86400.0


@dataclasses.dataclass(frozen=True)
class Options:
    """One download to prove. Times in seconds, sizes in bytes, rates in Mbit/s."""

    host: str
    path: str
    port: int = 21
    user: str = "anonymous"
    password: str = dataclasses.field(default="", repr=False)
    mode: str = AUTO
    verify: str = NONE
    seed: Optional[str] = None
    digest: Optional[str] = None
    expected_size: Optional[int] = None
    max_bytes: Optional[int] = None
    min_mbit: Optional[float] = None
    min_mbit_window: Optional[float] = None
    stall_timeout: float = 30.0
    connect_timeout: float = 10.0
    reply_timeout: float = 60.0
    deadline: Optional[float] = None
    diagnose: bool = True


def argument_spec() -> Dict[str, Any]:
    """Return the module's argument specification."""
    return {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 21},
        "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": FTP},
        "path": {"type": "str", "required": True},
        "user": {"type": "str", "default": "anonymous"},
        "password": {"type": "str", "no_log": True},
        "mode": {"type": "str", "choices": list(MODES), "default": AUTO},
        "verify": {"type": "str", "choices": list(VERIFY)},
        "expected_size": {"type": "int"},
        "checksum": {"type": "str"},
        "seed": {"type": "str"},
        "min_mbit": {"type": "float"},
        "min_mbit_window": {"type": "float"},
        "stall_timeout": {"type": "float", "default": 30.0},
        "connect_timeout": {"type": "float", "default": 10.0},
        "reply_timeout": {"type": "float", "default": 60.0},
        "deadline": {"type": "float"},
        "diagnose": {"type": "bool", "default": True},
        "max_bytes": {"type": "int"},
        "background": {"type": "bool", "default": False},
    }


def find_problems(params: Dict[str, Any]) -> Tuple[Any, ...]:
    """Return every mistake in the parameters; copes with any of them being missing or of a wrong
    type.
    """
    problems = Problems()
    _parse(params, problems)
    return tuple(problems.found)


def parse_options(params: Dict[str, Any]) -> Options:
    """Return the options. Raises `InputError` with every mistake."""
    problems = Problems()
    options = _parse(params, problems)
    if options is None:
        raise InputError(problems.found, "nothing was sent")
    return options


def _parse(params: Dict[str, Any], problems: Problems) -> Optional[Options]:
    if params.get("protocol") not in (None, FTP) and params.get("protocol") in PROTOCOLS:
        problems.add(
            "protocol", f"{params['protocol']} is not there yet, this release proves plain ftp only"
        )
    values: Dict[str, Any] = {}
    with problems.at("host"):
        values["host"] = _host(params.get("host"))
    with problems.at("port"):
        values["port"] = _port(params.get("port", 21))
    for name in ("path", "user", "password"):
        with problems.at(name):
            values[name] = _clean(name, params.get(name))
    with problems.at("checksum"):
        values["digest"] = _digest(params.get("checksum"))
    for name in ("expected_size", "max_bytes"):
        with problems.at(name):
            values[name] = _number(params.get(name), 1, None)
    for name in ("min_mbit", "min_mbit_window"):
        with problems.at(name):
            values[name] = _number(params.get(name), 0, None)
    for name in ("stall_timeout", "connect_timeout", "reply_timeout", "deadline"):
        with problems.at(name):
            value = _number(params.get(name), 0.1, _MAX_TIMEOUT)
            if value is not None:
                values[name] = value
    with problems.at("verify"):
        values["verify"] = _verify(params)
    if problems.found:
        return None
    mode = params.get("mode") or AUTO
    return Options(
        mode=mode, seed=params.get("seed"), diagnose=params.get("diagnose") is not False, **values
    )


def _host(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueProblem("a host name or an address is needed")
    host = value.strip().strip("[]")
    if looks_like_name(host):
        return host
    try:
        network = parse_network(host.split("%")[0])
    except ValueProblem:
        raise ValueProblem(f"{value!a} is neither a host name nor an address") from None
    if network.num_addresses != 1:
        raise ValueProblem(f"{value!a} is a network, one host is needed")
    return host


def _port(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdigit() or not 1 <= int(value) <= 65535:
        raise ValueProblem(f"{value!r} is not a port from 1 to 65535")
    return int(value)


def _clean(name: str, value: Any) -> str:
    """Nothing that ends a line may reach the control connection: it would be a command of its
    own.
    """
    if name == "path" and not value:
        raise ValueProblem("the path of a file is needed")
    text = "" if value is None else str(value)
    if _CONTROL.search(text):
        raise ValueProblem("must not hold control characters")
    if len(text.encode("utf-8", "replace")) > 1000:
        raise ValueProblem("is longer than 1000 bytes")
    return text or ("anonymous" if name == "user" else "")


def _digest(value: Any) -> Optional[str]:
    if value is None:
        return None
    match = _CHECKSUM.match(str(value))
    if match is None:
        raise ValueProblem(f"{value!a} is not sha256: and 64 hexadecimal digits")
    return match.group(1).lower()


def _number(value: Any, least: float, most: Optional[float]) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None  # Ansible's own specification names a value of a wrong type.
    if not math.isfinite(value) or value < least or (most is not None and value > most):
        bound = f"{least:g} or more" if most is None else f"from {least:g} to {most:g}"
        raise ValueProblem(f"{value!r} is not {bound}")
    return value


def _verify(params: Dict[str, Any]) -> str:
    """A seed means the pattern, a checksum the digest, nothing means not verified."""
    seed, checksum, chosen = params.get("seed"), params.get("checksum"), params.get("verify")
    if chosen == PATTERN and seed is None:
        raise ValueProblem("pattern needs the seed of the file")
    if chosen == SHA256 and checksum is None:
        raise ValueProblem("sha256 needs the checksum of the file")
    if chosen in VERIFY:
        return str(chosen)
    if seed is not None:
        return PATTERN
    return NONE if checksum is None else SHA256
