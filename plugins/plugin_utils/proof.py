# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role's verify sends, and what is expected to come of it.

Runs on the controller: one list of targets for each host that probes, whatever the number of flows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.legalops.timesensor.plugins.module_utils._model.flow import (
    INBOUND,
    OUTBOUND,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import GATEWAY

from .scenario import (
    ANNOUNCE_FLOW,
    INBOUND_SUFFIX,
    each_port,
    endpoint_of,
    scenario_flows,
)

# What proves a flow of the table, where it is not a probe of the port itself.
PROVED_BY_TRANSFER = ("update_ftp_data",)
DOWNLOAD = "update_ftp/download"
ACTIVE_DATA = "update_ftp_data/20"

# RFC 8314 section 7.3: port 465 speaks TLS from the first byte, 587 after STARTTLS.
_SUBMISSION_OVER_TLS = {("submission", 465): "smtps"}

# The note of ftp_path about a data connection that does not come from port 20.
OTHER_SOURCE = "active_source_port:"


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
            endpoint = endpoint_of(flow, settings)
            served = each_port(endpoint.get("ports"))
            for port in each_port(flow["ports"]):
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
        for port in each_port(flow["ports"])
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


class Proof(NamedTuple):
    """One proof that the scenario needs: its id, the hosts that try it, and the role variable that
    has to be set where there are none, with what it holds instead."""

    id: str
    provers: Sequence[str]
    variable: str
    holds: str = "empty"


def expected_proofs(settings: Mapping[str, Any], host: str) -> Iterator[Proof]:
    """Yield every proof of the scenario on `host`, in the table's order."""
    behind = settings["enforcement"] == GATEWAY
    others = other_hosts(settings, host)
    holds = {name: "this host only" if settings.get(name) else "empty" for name in others}
    flows = {flow["id"] for flow in scenario_flows(settings)}
    provers = settings.get("prove_on") or [] if behind else [host]
    for target in outbound_targets(settings):
        yield Proof(target["id"], provers, "prove_on" if behind else "endpoints")
    if "update_ftp_data" in flows:
        update = endpoint_of({"endpoint": "update"}, settings)
        missing = [key for key in ("host", "path") if not update.get(key)]
        variable = f"endpoints.update.{[*missing, 'path'][0]}"
        for identifier in (ACTIVE_DATA, DOWNLOAD):
            if missing:
                yield Proof(identifier, [], variable)
            else:
                yield Proof(identifier, provers, "prove_on" if behind else variable)
    for listener in inbound_listeners(settings):
        if provers:
            name = "probe_from"
            yield Proof(listener["id"], others[name], name, holds[name])
        else:
            yield Proof(listener["id"], [], "prove_on")
    if ANNOUNCE_FLOW in flows:
        name = "announce_to"
        yield Proof(announcement_id(settings), others[name], name, holds[name])


def other_hosts(settings: Mapping[str, Any], host: str) -> dict[str, Sequence[str]]:
    """Return C(probe_from) and C(announce_to) without the hosts on which the flows end: what a host
    sends to itself goes over loopback and says nothing about its firewall.

    A list may well name them, as a variable of a group whose members prove each other.
    """
    behind = settings["enforcement"] == GATEWAY
    own = {host, *(settings.get("prove_on") or [])[:1]} if behind else {host}
    return {
        name: [other for other in settings.get(name) or () if other not in own]
        for name in ("probe_from", "announce_to")
    }


def announcement_id(settings: Mapping[str, Any]) -> str:
    """Return the id under which the announcement is proved."""
    return f"{ANNOUNCE_FLOW}/{settings['broadcast_port']}"


def unproved(proof: Proof) -> dict[str, Any]:
    """Return the result of a proof that nobody could try, and the variable that would allow it."""
    return {
        "id": proof.id,
        "verdict": "not_probed",
        "status": "none",
        "evidence": [{"what": proof.variable, "value": proof.holds, "source": "role variable"}],
    }


def not_judged(evidence: Iterable[Mapping[str, Any]], fix: str) -> dict[str, Any]:
    """Return a result of a proof that was tried and shows nothing: why, and what to do."""
    return {
        "verdict": "not_probed",
        "status": "none",
        "evidence": list(evidence),
        "fix": fix,
    }


def replaced(started: str, now: Mapping[str, Any], host: str) -> dict[str, Any] | None:
    """Return the result of a proof whose listener on `host` is no longer the one that was started,
    None while it is. Both are known by the C(instance) of flow_listener."""
    instance = now.get("instance", "")
    if instance == started:
        return None
    if instance:
        value = "replaced by that of another run"
        fix = f"Wait until no other run proves with {host}, then verify again."
    else:
        value = "gone before the end"
        fix = (
            f"Another run has ended the listener on {host}, or it was over its time: verify again,"
            " with fewer hosts at a time (--limit), or with strategy: linear."
        )
    return not_judged(
        [{"what": f"listener on {host}", "value": value, "source": "flow_listener"}], fix
    )


def unanswered(identifier: str, prover: str) -> dict[str, Any]:
    """Return the result of a proof that a host was to try and that came to nothing."""
    return {
        "id": identifier,
        "from": prover,
        "verdict": "not_probed",
        "status": "none",
        "evidence": [{"what": f"result from {prover}", "value": "none", "source": "Ansible"}],
        "fix": (
            f"See above why {prover} has no result (not reached, or check mode, which sends"
            " nothing), then verify again."
        ),
    }


def host_results(registered: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the items of C(results) of a looped module call as one list, each with C(from), the
    host of the loop that it came from.

    A host that was skipped or could not be reached has none; its proofs then count as not probed
    (see `unanswered`).
    """
    return [
        {**result, "from": host}
        for host, item in by_host(registered)
        for result in item.get("results") or ()
    ]


def inbound_results(
    registered: Mapping[str, Any], started: Mapping[str, Any], ended: Mapping[str, Any], host: str
) -> list[dict[str, Any]]:
    """Return what the probes of inbound flows came to, as `host_results` does.

    `started` and `ended` are the registered calls of flow_listener on `host`. Where its listener
    stood in for the application and was not the same to the end, nothing is proved.
    """
    stood_in = {
        item["id"] for item in started.get("results") or () if item["verdict"] == "listening"
    }
    lost = None if ended.get("unreachable") else replaced(started.get("instance", ""), ended, host)
    return [
        {**result, **lost} if lost and result["id"] in stood_in else result
        for result in host_results(registered)
    ]


def by_host(registered: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield host and result for each item of a task that loops over hosts."""
    for item in registered.get("results") or ():
        yield str(item[item["ansible_loop_var"]]), item


def transfer_results(whole: Mapping[str, Any], active: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what two registered loops of ftp_path prove: the whole download, and by a transfer in
    active mode the data connection from port 20."""
    results = []
    for identifier, registered in ((DOWNLOAD, whole), (ACTIVE_DATA, active)):
        for host, item in by_host(registered):
            if "verdict" in item:
                kept = {key: item.get(key) for key in ("verdict", "status", "confidence")}
                kept.update(evidence=item.get("evidence", []), fix=item.get("fix", ""))
                results.append({"id": identifier, "from": host, "detail": _amount(item), **kept})
                if identifier == ACTIVE_DATA:
                    results[-1].update(_as_port(item))
    return results


def _amount(item: Mapping[str, Any]) -> str:
    if not item.get("bytes"):
        return ""
    compared = " compared" if item.get("verified") else ""
    return f"{item['bytes']:,} bytes{compared}, {item.get('mbit') or 0:,.0f} Mbit/s"


def _as_port(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a transfer in active mode says about port 20. A part of the file is enough."""
    if item["verdict"] not in ("ok", "ok_partial"):
        return {}
    other = [note for note in item.get("notes") or () if note.startswith(OTHER_SOURCE)]
    if not other:
        return {"verdict": "open", "status": "pass", "fix": ""}
    return {
        "verdict": "not_probed",
        "status": "none",
        "evidence": [
            *(item.get("evidence") or ()),
            {"what": "data connection", "value": other[0], "source": "ftp_path"},
        ],
        "fix": (
            "The transfer works, and says nothing about port 20: prove it with a server whose data"
            " connections come from there (vsftpd: connect_from_port_20=YES)."
        ),
    }
