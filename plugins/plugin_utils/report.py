# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a proof, and the tables that a person reads at the end of a play."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.flow import OUTBOUND
from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    NONE,
    PASS,
    WARN,
)

from .proof import Proof, expected_proofs, unanswered, unproved
from .scenario import scenario_flows

SCENARIOS = ("classic", "legal_365_server", "legal_365_client")
# The shipped playbooks prove a scenario on the hosts of the group that has its name.
_GROUP = "timesensor_"
_COLUMNS = ("host", "scenario", "flow", "port", "from", "rules", "verdict", "detail")
_TITLES = {"from": "seen from", "detail": ""}


def verdict_rows(
    host: str,
    settings: Mapping[str, Any],
    audit: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Return one row for each proof, in the order of the scenario's table: flow, port, the host it
    was seen from, verdict, the state of its rules, the fix, and what the flow is for.

    A proof that nobody tries gets a row that says which role variable would allow it, and so does
    each host that was to try it and has no result.
    """
    states = {item["flow"]: item["state"] for item in audit}
    flows = {flow["id"]: flow for flow in scenario_flows(settings)}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for result in results:
        found.setdefault(result["id"], []).append(result)
    rows = []
    for proof in expected_proofs(settings, host):
        flow, _slash, port = proof.id.partition("/")
        for result in _complete(proof, found.get(proof.id, [])):
            rows.append(
                {
                    "host": host,
                    "scenario": settings["name"],
                    "flow": flow,
                    "port": port,
                    "from": result.get("from", ""),
                    "rules": states.get(flow, ""),
                    "verdict": result["verdict"],
                    "detail": result.get("detail", ""),
                    "status": result["status"],
                    "confidence": result.get("confidence", ""),
                    "fix": result.get("fix", ""),
                    "evidence": result.get("evidence", []),
                    "firm": settings.get("firm", ""),
                    **_meaning(flows[flow]),
                }
            )
    return rows


def _meaning(flow: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a flow is for, and what breaks without it.

    C(destination) is the endpoint that the user named for an outbound flow, else empty.
    """
    named = flow.get("peers") if flow["direction"] == OUTBOUND else ()
    return {
        "direction": flow["direction"],
        "protocol": flow["protocol"],
        "destination": named[0] if named else "",
        "purpose": flow["purpose"],
        "impact": flow["impact"],
    }


def _complete(proof: Proof, results: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the results of a proof with one for each host that has none."""
    if not results and not proof.provers:
        return [unproved(proof)]
    seen = {result.get("from", "") for result in results}
    lacking = [prover for prover in dict.fromkeys(proof.provers) if prover not in seen]
    return [*results, *(unanswered(proof.id, prover) for prover in lacking)]


def verdict_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows as lines of equal columns, each fix below its row, and a count at the end.
    Where they are of several firms, the firm comes first."""
    several = len({row.get("firm", "") for row in rows}) > 1
    columns = ("firm", *_COLUMNS) if several else _COLUMNS
    titles = {column: _TITLES.get(column, column) for column in columns}
    widths = {
        column: max([len(titles[column]), *(len(str(row[column])) for row in rows)])
        for column in columns
    }
    lines = []
    for row in (titles, *rows):
        lines.append(
            "  ".join(str(row[column]).ljust(widths[column]) for column in columns).rstrip()
        )
        if row.get("fix") and row["status"] != "pass":
            lines.append(f"    fix: {row['fix']}")
    lines.append(_counts(rows))
    return lines


def counted(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many proofs ended in which way, by status."""
    number = dict.fromkeys((PASS, WARN, FAIL, NONE), 0)
    for row in rows:
        number[row["status"]] += 1
    return number


def _counts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the same as one line."""
    number = counted(rows)
    return (
        f"{number[PASS]} as wanted, {number[WARN]} with a warning, {number[FAIL]} not as"
        f" wanted, {number[NONE]} not probed"
    )


def verdict_summary(hosts: Sequence[str], hostvars: Mapping[str, Any]) -> list[str]:
    """Return the table over all hosts of a play, and a line for each host, or for each scenario of
    its groups, without a proof: it could not be reached, or a task before the proof failed there.
    """
    rows = [row for host in hosts for row in _proved(hostvars[host])]
    missing = []
    for host, lacking in without_proof(hosts, hostvars):
        what = f" of {', '.join(lacking)}" if lacking else ""
        missing.append(f"{host}: nothing{what} proved, it was not reached or a task failed")
    return [*verdict_table(rows), *missing]


def without_proof(
    hosts: Sequence[str], hostvars: Mapping[str, Any]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each host of a play without a proof, and the scenarios of its groups that lack one;
    none of them when the host is in no such group."""
    for host in hosts:
        variables = hostvars[host]
        proved = _proved(variables)
        names = {row["scenario"] for row in proved}
        groups = variables.get("group_names") or ()
        lacking = [name for name in SCENARIOS if _GROUP + name in groups and name not in names]
        if lacking or not proved:
            yield host, lacking


def _proved(variables: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (variables.get("scenario_evidence") or {}).get("flows") or []
