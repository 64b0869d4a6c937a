# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a proof, and the tables that a person reads at the end of a play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .proof import Proof, expected_proofs, unanswered, unproved

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
    was seen from, verdict, the state of its rules, and the fix.

    A proof that nobody tries gets a row that says which role variable would allow it, and so does
    each host that was to try it and has no result.
    """
    states = {item["flow"]: item["state"] for item in audit}
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
                }
            )
    return rows


def _complete(proof: Proof, results: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the results of a proof with one for each host that has none."""
    if not results and not proof.provers:
        return [unproved(proof.id, proof.variable)]
    seen = {result.get("from", "") for result in results}
    lacking = [prover for prover in dict.fromkeys(proof.provers) if prover not in seen]
    return [*results, *(unanswered(proof.id, prover) for prover in lacking)]


def verdict_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows as lines of equal columns, each fix below its row, and a count at the end."""
    titles = {column: _TITLES.get(column, column) for column in _COLUMNS}
    widths = {
        column: max([len(titles[column]), *(len(str(row[column])) for row in rows)])
        for column in _COLUMNS
    }
    lines = []
    for row in (titles, *rows):
        lines.append(
            "  ".join(str(row[column]).ljust(widths[column]) for column in _COLUMNS).rstrip()
        )
        if row.get("fix") and row["status"] != "pass":
            lines.append(f"    fix: {row['fix']}")
    lines.append(_counts(rows))
    return lines


def _counts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many proofs ended in which way, as one line."""
    number = dict.fromkeys(("pass", "warn", "fail", "none"), 0)
    for row in rows:
        number[row["status"]] += 1
    return (
        f"{number['pass']} as wanted, {number['warn']} with a warning, {number['fail']} not as"
        f" wanted, {number['none']} not probed"
    )


def verdict_summary(hosts: Sequence[str], hostvars: Mapping[str, Any]) -> list[str]:
    """Return the table over all hosts of a play, and a line for each host, or for each scenario of
    its groups, without a proof: it could not be reached, or a task before the proof failed there.
    """
    rows: list[Mapping[str, Any]] = []
    missing = []
    for host in hosts:
        variables = hostvars[host]
        proved = (variables.get("scenario_evidence") or {}).get("flows") or []
        rows += proved
        names = {row["scenario"] for row in proved}
        groups = variables.get("group_names") or ()
        lacking = [name for name in SCENARIOS if _GROUP + name in groups and name not in names]
        if lacking or not proved:
            what = f" of {', '.join(lacking)}" if lacking else ""
            missing.append(f"{host}: nothing{what} proved, it was not reached or a task failed")
    return [*verdict_table(rows), *missing]
