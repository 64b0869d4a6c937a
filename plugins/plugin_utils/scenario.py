# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a scenario's table and its role variables to the flows of firewall_policy.

Runs on the controller. A table is the vendor's, line by line; each line carries the flows that make
it precise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.flow import (
    ALLOW,
    BLOCK,
    BROADCAST,
    INBOUND,
    OUTBOUND,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import (
    GATEWAY,
    policy_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.ports import (
    parse_port,
    single_ports,
)

from .endpoints import endpoint_problems

INBOUND_SUFFIX = "_in"
ANNOUNCE_FLOW = "db_announce"
# Variables that list hosts of the inventory.
PROVERS = ("probe_from", "prove_on", "announce_to")
_LISTS = (*PROVERS, "hosts", "inbound_peers")
_SWITCHES = ("email_interface", "lan_side")


def scenario_flows(
    settings: Mapping[str, Any], inventory: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Return the flows of a scenario in the shape of the option C(flows) of firewall_policy.

    Raises `InputError` with every problem of the variables, the endpoints and the resulting flows,
    and with the names of an `inventory` also of the hosts that take part in the proof.
    """
    problems = list(endpoint_problems(settings.get("endpoints")))
    firm = settings.get("firm", "")
    if not names_directory(firm):
        problems.append(Problem("firm", f"{firm!r} cannot name a directory for the evidence"))
    settings = _readable(settings, problems)
    problems += _prover_problems(settings, inventory)
    flows = [
        flow
        for line in settings["table"]
        if _applies(line, settings)
        for direction in _directions(line)
        for flow in _line_flows(line, direction, settings)
    ]
    flows += _announcement(settings)
    problems += policy_problems({**settings, "flows": flows})
    if problems:
        raise InputError(_as_variables(problem, settings) for problem in problems)
    return flows


def names_directory(firm: Any) -> bool:
    """Tell whether a firm's name can be the name of the directory for its evidence."""
    return isinstance(firm, str) and not set(firm) & {"/", "\0"} and firm not in (".", "..")


def _as_variables(problem: Problem, settings: Mapping[str, Any]) -> Problem:
    """Name the role's variable where a problem is about one of them."""
    prefix = settings["name"]
    where = problem.where if problem.where.startswith("flow") else f"{prefix}_{problem.where}"
    return Problem(where, problem.what)


def _readable(settings: Mapping[str, Any], problems: list[Problem]) -> Mapping[str, Any]:
    """Return the settings with switches that are booleans, and without what cannot be read, which
    is added to `problems`.

    The role's argument spec is content with a text that could be converted, and converts nothing:
    C(-e classic_email_interface=false) arrives as the text "false".
    """
    read = dict(settings)
    for name in _SWITCHES:
        try:
            read[name] = boolean(settings.get(name) or False)
        except TypeError:
            problems.append(Problem(name, f"{settings[name]!r} is neither true nor false"))
            read[name] = False
    for name in _LISTS:
        value = settings.get(name) or []
        if not isinstance(value, (list, tuple)):
            problems.append(Problem(name, f"{value!r} is not a list, write [{value}]"))
            read[name] = []
    endpoints = settings.get("endpoints")
    known = endpoints.items() if isinstance(endpoints, Mapping) else ()
    read["endpoints"] = {name: value for name, value in known if isinstance(value, Mapping)}
    return read


def _prover_problems(
    settings: Mapping[str, Any], inventory: Collection[str] | None
) -> list[Problem]:
    """Return the problems of the variables that name other hosts of the inventory."""
    problems = []
    for name in PROVERS:
        hosts = [str(host) for host in settings.get(name) or ()]
        for host in dict.fromkeys(hosts):
            if inventory is not None and host not in inventory:
                problems.append(Problem(name, f"{host!r} is not a host of the inventory"))
            if hosts.count(host) > 1:
                problems.append(Problem(name, f"{host!r} is named more than once"))
    behind_gateway = settings["enforcement"] == GATEWAY
    if settings.get("broadcasting") == BLOCK and behind_gateway:
        problems.append(
            Problem("broadcasting", "block works on the server itself, set enforcement: host")
        )
    if settings.get("prove_on") and not behind_gateway:
        problems.append(
            Problem("prove_on", "is for enforcement: gateway, this host proves its own flows")
        )
    if settings.get("announce_to") and behind_gateway:
        problems.append(
            Problem("announce_to", "a gateway forwards no announcement, set enforcement: host")
        )
    return problems


def endpoint_of(flow: Mapping[str, Any], settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the endpoint that a flow of the table goes to, empty when the user gave none."""
    return (settings.get("endpoints") or {}).get(flow.get("endpoint")) or {}


def each_port(values: Iterable[Any] | None) -> tuple[int, ...]:
    """Return each single port of a list of ports."""
    return single_ports(parse_port(value) for value in values or ())


def _applies(line: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    condition = line.get("condition")
    return condition is None or bool(settings.get(condition))


def _directions(line: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(word for word in (OUTBOUND, INBOUND) if word in line["initiation"])


def _line_flows(
    line: Mapping[str, Any], direction: str, settings: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    for flow in line["flows"]:
        inbound = direction == INBOUND
        endpoint = endpoint_of(flow, settings)
        peers = list(settings.get("inbound_peers") or ()) if inbound else []
        if not inbound and endpoint.get("host"):
            peers = [endpoint["host"]]
        yield {
            "id": flow["id"] + (INBOUND_SUFFIX if inbound else ""),
            "direction": direction,
            "protocol": flow["protocol"],
            "ports": [str(port) for port in flow["ports"]],
            "peers": peers,
            "hosts": list(settings.get("hosts") or ()),
            "service": flow["service"],
            "purpose": line["purpose"],
            "impact": flow["impact"],
        }


def _announcement(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the flow of the server's announcement, for the scenarios that have one."""
    if not settings.get("broadcasting") or settings["enforcement"] == GATEWAY:
        return []
    return [
        {
            "id": ANNOUNCE_FLOW,
            "direction": OUTBOUND,
            "protocol": "udp",
            "ports": [str(settings["broadcast_port"])],
            "scope": BROADCAST,
            "action": BLOCK if settings["broadcasting"] == BLOCK else ALLOW,
            "purpose": "the server announces itself to clients in its subnet",
            "impact": "clients do not find the server by themselves, its address must be typed in",
        }
    ]
