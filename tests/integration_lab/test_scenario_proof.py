# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a scenario by its role: inbound flows from another host, before the application is
there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, firm, package

DOWNLOAD = ("update_ftp", "update_ftp_data", "download")
PACKAGE = 3 << 20
INBOUND = ["db_sql_in", "db_app_in", "db_db4d_in", "db_quic_in"]


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with Lab(firm()) as lab:
        yield lab


def prove(
    lab: Lab,
    tmp_path: Path,
    host: str = "server",
    roles: tuple[str, ...] = ("classic",),
    extra: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, dict[str, Any]]:
    """Run roles on a host of the firm and return the rows of the last one by flow.

    `settings` are variables of the role classic, without their prefix; `extra` are others. The
    whole download of the flow update_ftp has the key `download`.
    """
    variables = {f"classic_{name}": value for name, value in settings.items()}
    variables.update(extra or {})
    for name in roles:
        variables[f"{name}_fail_on"] = "never"
        variables[f"{name}_report_dir"] = str(tmp_path / "reports")
    includes = [{"name": f"legalops.timesensor.{name}"} for name in roles]
    done = lab.play(tmp_path, host, includes, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row for row in evidence_of(tmp_path, host)["flows"] if row["scenario"] == roles[-1]]
    return {row["port"] if row["port"] == "download" else row["flow"]: row for row in rows}


def evidence_of(tmp_path: Path, host: str) -> dict[str, Any]:
    """Return the document that the run has written for a host."""
    text = (tmp_path / "reports" / "firm" / f"{host}.json").read_text()
    document: dict[str, Any] = json.loads(text)
    return document


def test_inbound_is_proved_by_the_workstation(running: Lab, tmp_path: Path) -> None:
    rows = prove(
        running,
        tmp_path,
        lan_side=True,
        default_ingress="deny",
        inbound_peers=["10.77.0.0/24"],
        probe_from=["workstation"],
        address=running["server"].address,
    )
    assert {flow: rows[flow]["verdict"] for flow in INBOUND} == dict.fromkeys(INBOUND, "open")
    assert {rows[flow]["rules"] for flow in INBOUND} == {"present"}


def test_inbound_from_a_peer_that_is_not_named_is_closed(running: Lab, tmp_path: Path) -> None:
    rows = prove(
        running,
        tmp_path,
        lan_side=True,
        default_ingress="deny",
        inbound_peers=["10.77.0.99"],
        probe_from=["workstation"],
        address=running["server"].address,
    )
    assert {flow: rows[flow]["status"] for flow in INBOUND} == dict.fromkeys(INBOUND, "fail")
    assert rows["db_sql_in"]["verdict"] == "filtered"
    assert rows["db_quic_in"]["verdict"] == "no_answer"


def test_without_a_probing_host_inbound_is_not_probed(running: Lab, tmp_path: Path) -> None:
    rows = prove(running, tmp_path, lan_side=True)
    assert {rows[flow]["verdict"] for flow in INBOUND} == {"not_probed"}


def test_a_second_scenario_on_a_host_proves_its_own_flows(running: Lab, tmp_path: Path) -> None:
    """The first scenario's inbound proof must not stand in the evidence of the second."""
    rows = prove(
        running,
        tmp_path,
        roles=("classic", "legal_365_server"),
        lan_side=True,
        probe_from=["workstation"],
        address=running["server"].address,
    )
    assert {rows[flow]["verdict"] for flow in INBOUND} == {"not_probed"}


def test_scenarios_of_two_firms_on_a_host_stay_apart(running: Lab, tmp_path: Path) -> None:
    roles = ("classic", "legal_365_client")
    firms = {"classic_firm": "one", "legal_365_client_firm": "two"}
    directories = {f"{role}_report_dir": f"{tmp_path}/reports" for role in roles}
    directories["classic_report_dir"] += "/"  # the same place
    never = {f"{role}_fail_on": "never" for role in roles}
    includes = [{"name": f"legalops.timesensor.{role}"} for role in roles]
    done = running.play(tmp_path, "server", includes, {**firms, **directories, **never})
    assert done.returncode == 0, done.stdout + done.stderr
    for name, role in zip(("one", "two"), roles, strict=True):
        document = json.loads((tmp_path / "reports" / name / "server.json").read_text())
        assert {row["firm"] for row in document["flows"]} == {document["firm"]} == {name}
        assert {row["scenario"] for row in document["flows"]} == {role}


def test_inbound_through_a_gateway_is_proved_from_outside(running: Lab, tmp_path: Path) -> None:
    """The listeners stand on the protected host, the rules on the gateway; IPv6 is routed."""
    role = "legal_365_server"
    address = next(item for item in running["server"].addresses if ":" in item)
    variables = {
        f"{role}_enforcement": "gateway",
        f"{role}_interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
        f"{role}_hosts": [address],
        f"{role}_address": address,
        f"{role}_prove_on": ["server"],
        f"{role}_probe_from": ["outsider"],
    }
    rows = prove(running, tmp_path, host="gateway", roles=(role,), extra=variables)
    assert {flow: rows[flow]["verdict"] for flow in INBOUND} == dict.fromkeys(INBOUND, "open")
    assert {rows[flow]["from"] for flow in INBOUND} == {"outsider"}
    lone = {**variables, f"{role}_prove_on": []}
    rows = prove(running, tmp_path, host="gateway", roles=(role,), extra=lone)
    assert {row["verdict"] for row in rows.values()} == {"not_probed"}


def announcement(lab: Lab, tmp_path: Path, broadcasting: str, **more: Any) -> dict[str, Any]:
    """Apply and prove one setting of broadcasting, heard by the workstation in the same subnet."""
    rows = prove(lab, tmp_path, broadcasting=broadcasting, announce_to=["workstation"], **more)
    return rows["db_announce"]


def test_block_stops_the_announcement_that_allow_lets_through(running: Lab, tmp_path: Path) -> None:
    allowed = announcement(running, tmp_path, "allow")
    assert (allowed["verdict"], allowed["status"], allowed["from"]) == (
        "open",
        "pass",
        "workstation",
    )
    blocked = announcement(running, tmp_path, "block")
    assert (blocked["verdict"], blocked["status"], blocked["confidence"]) == (
        "blocked_locally",
        "pass",
        "high",
    )
    again = announcement(running, tmp_path, "allow", default_egress="deny")
    assert (again["verdict"], again["status"]) == ("open", "pass")


def test_two_servers_with_one_hearer_are_not_taken_for_each_other(
    running: Lab, tmp_path: Path
) -> None:
    """They share its listener, which only one can have; what it hears is told apart."""
    variables = {
        "classic_broadcasting": "{{ 'block' if inventory_hostname == 'server' else 'allow' }}",
        "classic_announce_to": ["workstation"],
        "classic_fail_on": "never",
        "classic_report_dir": str(tmp_path / "reports"),
    }
    done = running.play(
        tmp_path, "server,gateway", [{"name": "legalops.timesensor.classic"}], variables
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = {"server": "blocked_locally", "gateway": "open"}
    seen = {
        host: next(
            row for row in evidence_of(tmp_path, host)["flows"] if row["flow"] == "db_announce"
        )
        for host in wanted
    }
    assert {host: row["verdict"] for host, row in seen.items()} == wanted
    assert {(row["status"], row["confidence"]) for row in seen.values()} == {("pass", "high")}
    left = running["workstation"].sh("ss -Hlun 'sport = :19813'; ls /run")
    assert "19813" not in left
    assert "legalops" not in left


def test_an_announcement_that_gets_lost_on_its_way_is_told(running: Lab, tmp_path: Path) -> None:
    """The subnet loses broadcasts, and datagrams to the listener's own address arrive."""
    rule = "table netdev lossy {\nchain in {\ntype filter hook ingress device eth0 priority 0;\n"
    running["workstation"].nft(rule + "ether daddr ff:ff:ff:ff:ff:ff udp dport 19813 drop\n}\n}\n")
    try:
        row = announcement(running, tmp_path, "allow")
    finally:
        running["workstation"].nft("delete table netdev lossy\n")
    assert (row["verdict"], row["status"], row["confidence"]) == ("filtered", "fail", "high")


def test_the_download_and_port_20_are_proved_from_a_host_behind_the_gateway(
    running: Lab, tmp_path: Path
) -> None:
    """The gateway masquerades and drops what no flow names; what it lets through is proved on the
    server, by the verify of either."""
    running.services.start_vsftpd("update")
    package.write(running["update"].disk / "ftp" / "package.bin", PACKAGE, "lab")
    update = {"host": "update.vendor.test", "path": "/package.bin", "seed": "lab"}
    gateway: dict[str, Any] = {
        "enforcement": "gateway",
        "interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
        "prove_on": ["server"],
    }
    rows = prove(running, tmp_path, host="gateway", endpoints={"update": update}, **gateway)
    shown = {flow: (rows[flow]["verdict"], rows[flow]["from"]) for flow in DOWNLOAD}
    assert shown == {
        "update_ftp": ("open", "server"),
        "update_ftp_data": ("open", "server"),
        "download": ("ok", "server"),
    }
    document = evidence_of(tmp_path, "gateway")
    whole, active = document["ftp"]
    assert (whole["verified"], whole["bytes"], whole["from"]) == (True, PACKAGE, "server")
    assert active["modes"]["active"] == "connected"
    assert document["changes"][0]["scenario"] == "classic"
    assert document["changes"][0]["changed"] is True

    deny: dict[str, Any] = {"default_egress": "deny", "default_ingress": "deny"}
    rows = prove(running, tmp_path, endpoints={"update": {**update, "max_bytes": 1000}}, **deny)
    assert rows["update_ftp_data"]["verdict"] == "open"
    assert (rows["download"]["verdict"], rows["download"]["status"]) == ("ok_partial", "warn")
