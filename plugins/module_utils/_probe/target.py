# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What flow_probe is asked to reach, read from the module's option with all mistakes at once."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import Any, Dict, List, Mapping, Tuple

from .._model.addresses import looks_like_name
from .._model.errors import InputError, Problem
from .._model.problems import Problems, ValueProblem, one_of
from . import token
from .items import check_unique_ids, open_item

TCP = "tcp"
UDP = "udp"
PROTOCOLS = (TCP, UDP)

AUTO = "auto"
IPV4 = "ipv4"
IPV6 = "ipv6"
FAMILIES = (AUTO, IPV4, IPV6)

# Which protocols each service exists on.
SERVICES: Dict[str, Tuple[str, ...]] = {
    "none": (TCP, UDP),
    "http": (TCP,),
    "https": (TCP,),
    "ftp": (TCP,),
    "ssh": (TCP,),
    "smtps": (TCP,),
    "submission": (TCP,),
    "imaps": (TCP,),
    "pop3s": (TCP,),
    "quic": (UDP,),
    "4d": (TCP,),
    "token": (TCP, UDP),
}
TLS_SERVICES = ("https", "smtps", "submission", "imaps", "pop3s", "4d")

LONGEST_TIMEOUT = 300.0

FIELDS = ("id", "host", "port", "protocol", "service", "token", "tls_pin", "interface")

_PIN = re.compile(r"^sha256:([0-9a-fA-F]{64})$")
_INTERFACE = re.compile(r"^[^\s/]{1,15}$")


@dataclasses.dataclass(frozen=True)
class Target:
    """One thing to reach. An empty `host` means that no endpoint is known yet: it is not probed.

    `tls_pin` is the lower-case SHA-256 of the server's certificate in DER form. `interface` binds
    the probe to it.
    """

    id: str
    host: str
    port: int
    protocol: str = TCP
    service: str = "none"
    token: str = dataclasses.field(default="", repr=False)
    tls_pin: str = ""
    interface: str = ""

    @property
    def host_is_address(self) -> bool:
        return is_address(self.host)

    def __str__(self) -> str:
        return f"{self.host} {self.protocol}/{self.port}"


def is_address(value: str) -> bool:
    """Tell an IPv4 or IPv6 address (a scope as in fe80::1%eth0 is allowed) from a name."""
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        return False
    return True


def parse_targets(values: Any, family: str = AUTO) -> Tuple[Target, ...]:
    """Read the option C(targets), of which only addresses of `family` may be tried. Raises
    `InputError` with every problem, each with target id and field."""
    problems = Problems()
    targets = _parse_all(values, family, problems)
    if problems.found:
        raise InputError(problems.found, untouched="nothing was sent")
    return tuple(targets)


def input_problems(params: Mapping[str, Any]) -> List[Problem]:
    """Return all problems of flow_probe's options, converted or not."""
    problems = Problems()
    _parse_all(params.get("targets"), params.get("family"), problems)
    with problems.at("timeout"):
        parse_timeout(params.get("timeout", 5))
    with problems.at("family"):
        one_of(params.get("family", AUTO), FAMILIES)
    return problems.found


def parse_timeout(value: Any) -> float:
    """Read seconds. Raises `ValueProblem` outside 0 (not included) to 300."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise ValueProblem(f"{value!r} is not a number of seconds") from None
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueProblem(f"{value!r} is not above 0 and at most {LONGEST_TIMEOUT:g} seconds")
    return seconds


def parse_port_number(value: Any) -> int:
    """Read one port. Raises `ValueProblem` for anything but a whole number within 1 to 65535."""
    text = str(value)
    if isinstance(value, bool) or not re.match(r"^\s*[+-]?\d+\s*$", text):
        raise ValueProblem(f"{value!r} is not a port number")
    if not 1 <= int(text) <= 65535:
        raise ValueProblem(f"port {int(text)} is not within 1 to 65535")
    return int(text)


def _parse_all(values: Any, family: Any, problems: Problems) -> List[Target]:
    if not isinstance(values, (list, tuple)):
        problems.add("targets", f"{values!r} is not a list of targets")
        return []
    if not values:
        problems.add("targets", "the list is empty, name at least one target")
    parsed = [
        _parse_target(value, number, family, problems) for number, value in enumerate(values, 1)
    ]
    check_unique_ids(values, "target", problems)
    return [target for target in parsed if target is not None]


def _parse_target(value: Any, number: int, family: Any, problems: Problems) -> Target | None:
    before = len(problems.found)
    item = open_item(value, number, "target", FIELDS, "id, host, port, ...", problems)
    if item is None:
        return None
    where = item.where
    fields: Dict[str, Any] = {"id": item.id}
    with problems.at(f"{where}, host"):
        fields["host"] = _parse_host(value.get("host"), family)
    with problems.at(f"{where}, port"):
        fields["port"] = parse_port_number(value.get("port"))
    for field, allowed, default in (
        ("protocol", PROTOCOLS, TCP),
        ("service", tuple(SERVICES), "none"),
    ):
        with problems.at(f"{where}, {field}"):
            given = value.get(field)
            fields[field] = one_of(default if given is None else given, allowed)
    with problems.at(f"{where}, tls_pin"):
        fields["tls_pin"] = _parse_pin(value.get("tls_pin"))
    fields["token"] = str(value.get("token") or "")
    fields["interface"] = str(value.get("interface") or "")
    _check_sense(fields, where, problems)
    return Target(**fields) if len(problems.found) == before else None


def _parse_host(value: Any, family: Any) -> str:
    host = "" if value is None else str(value).strip()
    if host and not is_address(host) and not looks_like_name(host):
        raise ValueProblem(f"{host!r} is neither an address nor a host name")
    if is_address(host) and family in (IPV4, IPV6) and (":" in host) != (family == IPV6):
        raise ValueProblem(f"{host!r} is no address of the family {family}, which is asked for")
    return host


def _parse_pin(value: Any) -> str:
    if not value:
        return ""
    match = _PIN.match(str(value).strip())
    if match is None:
        raise ValueProblem(f"{value!r} is not sha256: followed by 64 hexadecimal digits")
    return match.group(1).lower()


def _check_sense(fields: Dict[str, Any], where: str, problems: Problems) -> None:
    """Record combinations that are right field by field and make no sense together."""
    service = fields.get("service", "")
    protocol = fields.get("protocol", "")
    if service and protocol and protocol not in SERVICES[service]:
        problems.add(
            f"{where}, protocol",
            f"service {service} exists on {SERVICES[service][0]} only, not on {protocol}",
        )
    if service == "token" and len(fields["token"]) < token.SHORTEST_TOKEN:
        problems.add(
            f"{where}, token",
            f"service token needs a token of at least {token.SHORTEST_TOKEN} characters",
        )
    if service and service != "token" and fields["token"]:
        problems.add(f"{where}, token", f"service {service} uses no token, leave it out")
    if fields.get("tls_pin") and service and service not in TLS_SERVICES:
        problems.add(f"{where}, tls_pin", f"service {service} has no certificate to compare")
    if fields["interface"] and not _INTERFACE.match(fields["interface"]):
        problems.add(f"{where}, interface", f"{fields['interface']!r} is not an interface name")
