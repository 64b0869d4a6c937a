# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a scenario's table and its role variables to flows, probe targets and the rows of the proof.

Runs on the controller. A table is the vendor's, line by line; each line carries the flows that make
it precise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
from ansible_collections.legalops.timesensor.plugins.module_utils._model.problems import (
    ValueProblem,
)

INBOUND_SUFFIX = "_in"
ANNOUNCE_FLOW = "db_announce"
ENDPOINTS = ("licence", "update", "mail", "server")
ENDPOINT_KEYS = {
    "licence": ("host", "ports"),
    "mail": ("host", "ports"),
    "server": ("host", "ports"),
    "update": (
        "host",
        "ports",
        "path",
        "user",
        "password",
        "seed",
        "expected_size",
        "checksum",
        "min_mbit",
    ),
}

# What proves a flow of the table, where it is not a probe of the port itself.
PROVED_BY_TRANSFER = ("update_ftp_data",)

# RFC 8314 section 7.3: port 465 speaks TLS from the first byte, 587 after STARTTLS.
_SUBMISSION_OVER_TLS = {("submission", 465): "smtps"}


def scenario_flows(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the flows of a scenario in the shape of the option C(flows) of firewall_policy.

    Raises `InputError` with every problem of the variables, the endpoints and the resulting flows.
    """
    problems = _endpoint_problems(settings)
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


def _as_variables(problem: Problem, settings: Mapping[str, Any]) -> Problem:
    """Name the role's variable where a problem is about one of them."""
    prefix = settings["name"]
    where = problem.where if problem.where.startswith("flow") else f"{prefix}_{problem.where}"
    return Problem(where, problem.what)


def _endpoint_problems(settings: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, endpoint in (settings.get("endpoints") or {}).items():
        if name not in ENDPOINTS:
            problems.append(
                Problem(f"endpoints.{name}", f"unknown, the endpoints are {', '.join(ENDPOINTS)}")
            )
            continue
        for key in endpoint or {}:
            if key not in ENDPOINT_KEYS[name]:
                allowed = ", ".join(ENDPOINT_KEYS[name])
                problems.append(
                    Problem(f"endpoints.{name}.{key}", f"unknown, the keys are {allowed}")
                )
        for port in (endpoint or {}).get("ports") or ():
            try:
                parse_port(port)
            except ValueProblem as problem:
                problems.append(Problem(f"endpoints.{name}.ports", str(problem)))
    if settings.get("broadcasting") == BLOCK and settings["enforcement"] == GATEWAY:
        problems.append(
            Problem("broadcasting", "block works on the server itself, set enforcement: host")
        )
    return problems


def _endpoint_of(flow: Mapping[str, Any], settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the endpoint that a flow of the table goes to, empty when the user gave none."""
    return (settings.get("endpoints") or {}).get(flow.get("endpoint")) or {}


def _each_port(values: Iterable[Any] | None) -> tuple[int, ...]:
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
        endpoint = _endpoint_of(flow, settings)
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


def outbound_targets(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the targets for flow_probe that prove the outbound flows, one for each port.

    A flow without an endpoint keeps its place with an empty host, which flow_probe answers with
    C(not_probed).
    """
    wanted = {
        flow["id"]: flow
        for flow in scenario_flows(settings)
        if flow["direction"] == OUTBOUND and flow["id"] != ANNOUNCE_FLOW
    }
    targets = []
    for line in settings["table"]:
        for flow in line["flows"]:
            if flow["id"] not in wanted or flow["id"] in PROVED_BY_TRANSFER:
                continue
            endpoint = _endpoint_of(flow, settings)
            served = _each_port(endpoint.get("ports"))
            for port in _each_port(flow["ports"]):
                host = endpoint.get("host") or ""
                targets.append(
                    {
                        "id": f"{flow['id']}/{port}",
                        "host": host if not served or port in served else "",
                        "port": port,
                        "protocol": flow["protocol"],
                        "service": _SUBMISSION_OVER_TLS.get(
                            (flow["service"], port), flow["service"]
                        ),
                    }
                )
    return targets


def inbound_listeners(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the listeners for flow_listener that stand in for the application, one for each port
    of an inbound flow."""
    return [
        {"id": f"{flow['id']}/{port}", "port": port, "protocol": flow["protocol"]}
        for flow in scenario_flows(settings)
        if flow["direction"] == INBOUND
        for port in _each_port(flow["ports"])
    ]


def inbound_targets(
    listeners: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], address: str, token: str
) -> list[dict[str, Any]]:
    """Return the targets for flow_probe that prove the inbound flows from another host.

    `listeners` are the results of flow_listener: our own answer with the token, and where the
    application has the port already, the application must answer.
    """
    services = {
        flow["id"] + INBOUND_SUFFIX: flow["service"]
        for line in settings["table"]
        for flow in line["flows"]
    }
    targets = []
    for listener in listeners:
        target = {
            "id": listener["id"],
            "host": address,
            "port": listener["port"],
            "protocol": listener["protocol"],
            "service": services[str(listener["id"]).split("/", 1)[0]],
        }
        if listener["verdict"] == "listening":
            target.update(service="token", token=token)
        targets.append(target)
    return targets


def unproved(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a result for each inbound port when there is no host to prove it from."""
    return [
        {
            "id": listener["id"],
            "verdict": "not_probed",
            "status": "none",
            "evidence": [
                {"what": "probe_from", "value": "empty", "source": "role variable"},
            ],
        }
        for listener in inbound_listeners(settings)
    ]


def verdict_rows(
    host: str, audit: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return one row for each proof: flow, port, verdict, the state of its rules, and the fix."""
    states = {item["flow"]: item["state"] for item in audit}
    rows = []
    for result in results:
        flow, port = f"{result['id']}/".split("/")[:2]
        rows.append(
            {
                "host": host,
                "flow": flow,
                "port": port,
                "rules": states.get(flow, ""),
                "verdict": result["verdict"],
                "status": result["status"],
                "confidence": result.get("confidence", ""),
                "fix": result.get("fix", ""),
                "evidence": result.get("evidence", []),
            }
        )
    return rows


def verdict_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows as lines of equal columns, each fix below its row, and a count at the end."""
    columns = ("host", "flow", "port", "rules", "verdict")
    widths = {
        column: max([len(column), *(len(str(row[column])) for row in rows)]) for column in columns
    }
    lines = ["  ".join(column.ljust(widths[column]) for column in columns).rstrip()]
    for row in rows:
        lines.append("  ".join(str(row[column]).ljust(widths[column]) for column in columns))
        lines[-1] = lines[-1].rstrip()
        if row["fix"] and row["status"] != "pass":
            lines.append(f"    fix: {row['fix']}")
    counts = dict.fromkeys(("pass", "warn", "fail", "none"), 0)
    for row in rows:
        counts[row["status"]] += 1
    lines.append(
        f"{counts['pass']} open, {counts['warn']} with a warning, {counts['fail']} not open,"
        f" {counts['none']} not probed"
    )
    return lines
