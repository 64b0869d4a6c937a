# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What flow_listener is asked to do, read from the module's options with all mistakes at once."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import ipaddress
import json
from typing import Any, Mapping, Sequence

from ..._model.addresses import Network, parse_network
from ..._model.errors import InputError, Problem
from ..._model.flow import parse_identifier
from ..._model.problems import Problems, ValueProblem, one_of
from .. import token as token_module
from ..items import check_unique_ids, duplicates, open_item
from ..target import PROTOCOLS, parse_port_number

STARTED = "started"
STOPPED = "stopped"
QUERIED = "queried"
STATES = (STARTED, STOPPED, QUERIED)
DEFAULT_NAME = "default"
DEFAULT_TTL = 300
LONGEST_TTL = 86400

_FIELDS = ("id", "address", "port", "protocol")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where to listen. An empty address and C(::) mean both families, C(0.0.0.0) means IPv4
    only."""

    id: str
    address: str
    port: int
    protocol: str = "tcp"

    def __str__(self) -> str:
        return f"{self.address or 'any address'} {self.protocol}/{self.port}"


@dataclasses.dataclass(frozen=True)
class Settings:
    """One named set of listeners. Without `peers` everybody who knows the token is answered."""

    name: str
    places: tuple[Place, ...] = ()
    peers: tuple[Network, ...] = ()
    ttl: int = DEFAULT_TTL
    token: str = dataclasses.field(default="", repr=False)

    def digest(self) -> str:
        """Return what is equal for equal settings, the time apart; it does not give the token
        away."""
        shown = json.dumps(
            [
                self.name,
                [dataclasses.astuple(place) for place in self.places],
                [str(peer) for peer in self.peers],
            ]
        )
        return hmac.new(self.token.encode(), shown.encode(), hashlib.sha256).hexdigest()


def parse_settings(params: Mapping[str, Any]) -> Settings:
    """Read the module's options. Raises `InputError` with every problem."""
    problems = Problems()
    settings = _parse(params, problems)
    if problems.found or settings is None:
        raise InputError(problems.found)
    return settings


def input_problems(params: Mapping[str, Any]) -> list[Problem]:
    """Return all problems of flow_listener's options, converted or not."""
    problems = Problems()
    _parse(params, problems)
    return problems.found


def _parse(params: Mapping[str, Any], problems: Problems) -> Settings | None:
    before = len(problems.found)
    fields: dict[str, Any] = {"token": str(params.get("token") or "")}
    state = params.get("state") or STARTED
    with problems.at("state"):
        one_of(state, STATES)
    with problems.at("name"):
        fields["name"] = parse_identifier(params.get("name") or DEFAULT_NAME)
    with problems.at("ttl"):
        fields["ttl"] = _parse_ttl(params.get("ttl"))
    if state == STARTED:
        fields["places"] = tuple(_parse_places(params.get("listeners"), problems))
        fields["peers"] = tuple(_parse_peers(params.get("peers"), problems))
        if len(fields["token"]) < token_module.SHORTEST_TOKEN:
            problems.add(
                "token", f"a token of at least {token_module.SHORTEST_TOKEN} characters is needed"
            )
    return Settings(**fields) if len(problems.found) == before else None


def _parse_ttl(value: Any) -> int:
    if value is None:
        return DEFAULT_TTL
    try:
        seconds = int(str(value))
    except ValueError:
        raise ValueProblem(f"{value!r} is not a whole number of seconds") from None
    if not 1 <= seconds <= LONGEST_TTL:
        raise ValueProblem(f"{seconds} is not within 1 to {LONGEST_TTL} seconds")
    return seconds


def _parse_places(values: Any, problems: Problems) -> Sequence[Place]:
    if not values:
        problems.add("listeners", "the list is empty, name at least one listener")
        return []
    if not isinstance(values, (list, tuple)):
        problems.add("listeners", f"{values!r} is not a list of listeners")
        return []
    found = [_parse_place(value, number, problems) for number, value in enumerate(values, 1)]
    places = [place for place in found if place is not None]
    check_unique_ids(values, "listener", problems)
    for double in duplicates([str(place) for place in places]):
        same = ", ".join(place.id for place in places if str(place) == double)
        problems.add(f"listener {same}, port", f"{double} is named more than once")
    return places


def _parse_place(value: Any, number: int, problems: Problems) -> Place | None:
    before = len(problems.found)
    item = open_item(value, number, "listener", _FIELDS, "id, port, protocol", problems)
    if item is None:
        return None
    where = item.where
    fields: dict[str, Any] = {"id": item.id}
    with problems.at(f"{where}, address"):
        fields["address"] = _parse_address(value.get("address"))
    with problems.at(f"{where}, port"):
        fields["port"] = parse_port_number(value.get("port"))
    with problems.at(f"{where}, protocol"):
        given = value.get("protocol")
        fields["protocol"] = one_of("tcp" if given is None else given, PROTOCOLS)
    return Place(**fields) if len(problems.found) == before else None


def _parse_address(value: Any) -> str:
    if not value:
        return ""
    try:
        address = str(ipaddress.ip_address(str(value).strip()))
    except ValueError:
        raise ValueProblem(f"{value!r} is not an address of this host") from None
    return "" if address == "::" else address


def _parse_peers(values: Any, problems: Problems) -> Sequence[Network]:
    if not values:
        return []
    if not isinstance(values, (list, tuple)):
        values = [values]
    peers = []
    for value in values:
        with problems.at(f"peer {value}"):
            peers.append(parse_network(value))
    return peers
