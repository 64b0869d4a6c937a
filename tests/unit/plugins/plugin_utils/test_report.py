# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows, tables and evidence of a proof, from what the modules return."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.legalops.timesensor.plugins.plugin_utils.evidence import evidence
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import notes
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import (
    OTHER_SOURCE,
    expected_proofs,
    host_results,
    inbound_results,
    other_hosts,
    transfer_results,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.report import (
    verdict_rows,
    verdict_summary,
    verdict_table,
)

TABLE = yaml.safe_load("""
- initiation: outbound
  purpose: updates
  flows:
    - {id: update_ftp, protocol: tcp, ports: [21], service: ftp, endpoint: update, impact: x}
    - {id: update_ftp_data, protocol: tcp, ports: [20], service: none, endpoint: update, impact: x}
- initiation: inbound
  purpose: database
  flows:
    - {id: db_sql, protocol: tcp, ports: [19812], service: 4d, endpoint: server, impact: none}
""")
SETTINGS: dict[str, Any] = {
    "name": "classic",
    "table": TABLE,
    "enforcement": "host",
    "interfaces": {},
    "endpoints": {"update": {"host": "update.example", "path": "/package.bin"}},
    "broadcasting": "allow",
    "broadcast_port": 19813,
}
GATEWAY = {
    **SETTINGS,
    "enforcement": "gateway",
    "interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
    "hosts": ["10.77.0.5"],
}
ROW = {
    "host": "server",
    "scenario": "classic",
    "flow": "db_sql",
    "port": "19812",
    "from": "pc",
    "detail": "",
}


def loop(**results: dict[str, Any]) -> dict[str, Any]:
    """Return what Ansible registers for a task that loops over hosts."""
    return {
        "results": [
            {**result, "ansible_loop_var": "prober", "prober": host}
            for host, result in results.items()
        ]
    }


def transfer(verdict: str, status: str, **more: Any) -> dict[str, Any]:
    return {"verdict": verdict, "status": status, "confidence": "high", "evidence": [], **more}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            SETTINGS,
            {
                "update_ftp/21": "endpoints",
                "update_ftp_data/20": "endpoints.update.path",
                "update_ftp/download": "endpoints.update.path",
                "db_sql_in/19812": "probe_from",
                "db_announce/19813": "announce_to",
            },
        ),
        (
            GATEWAY,
            dict.fromkeys(
                ["update_ftp/21", "update_ftp_data/20", "update_ftp/download", "db_sql_in/19812"],
                "prove_on",
            ),
        ),
    ],
)
def test_every_proof_is_expected_and_names_the_variable_that_allows_it(
    settings: dict[str, Any], expected: dict[str, str]
) -> None:
    found = {proof.id: proof.variable for proof in expected_proofs(settings, "server")}
    assert found == expected


def test_what_has_no_result_gets_a_row_that_says_why() -> None:
    found = [{"id": "update_ftp/21", "from": "server", "verdict": "open", "status": "pass"}]
    audit = [{"flow": "update_ftp", "state": "present"}]
    rows = verdict_rows("server", SETTINGS, audit, found)
    assert [row["verdict"] for row in rows] == ["open", *["not_probed"] * 4]
    assert (rows[0]["rules"], rows[0]["from"]) == ("present", "server")
    assert rows[3]["evidence"][0]["what"] == "probe_from"


def test_each_proving_host_has_its_own_row() -> None:
    registered = loop(
        pc={"results": [{"id": "update_ftp/21", "verdict": "open", "status": "pass"}]},
        laptop={"results": [{"id": "update_ftp/21", "verdict": "filtered", "status": "fail"}]},
        gone={"unreachable": True},
    )
    proved = {**GATEWAY, "prove_on": ["pc", "laptop", "gone"]}
    rows = verdict_rows("gateway", proved, [], host_results(registered))
    seen = {row["from"]: row["verdict"] for row in rows if row["port"] == "21"}
    assert seen == {"pc": "open", "laptop": "filtered", "gone": "not_probed"}


def test_a_host_that_could_not_try_is_not_blamed_on_an_empty_variable() -> None:
    tried = {**SETTINGS, "probe_from": ["gone"], "announce_to": ["gone"]}
    rows = {(row["flow"], row["port"]): row for row in verdict_rows("server", tried, [], [])}
    for key, prover in (
        (("update_ftp", "21"), "server"),
        (("update_ftp", "download"), "server"),
        (("db_sql_in", "19812"), "gone"),
        (("db_announce", "19813"), "gone"),
    ):
        assert (rows[key]["from"], rows[key]["verdict"]) == (prover, "not_probed")
        assert rows[key]["evidence"][0]["what"] == f"result from {prover}"
        assert rows[key]["fix"].startswith(f"See above why {prover} has no result")


def test_a_host_does_not_prove_its_own_flows() -> None:
    """Group variables may well name all members of the group."""
    both = {**SETTINGS, "probe_from": ["server", "pc"], "announce_to": ["server"]}
    proofs = {proof.id: proof for proof in expected_proofs(both, "server")}
    assert proofs["db_sql_in/19812"].provers == ["pc"]
    assert proofs["db_announce/19813"].provers == []
    (row,) = [row for row in verdict_rows("server", both, [], []) if row["port"] == "19813"]
    assert row["evidence"] == [
        {"what": "announce_to", "value": "this host only", "source": "role variable"}
    ]
    behind = {**GATEWAY, "prove_on": ["pc", "laptop"], "probe_from": ["pc", "laptop", "gateway"]}
    assert other_hosts(behind, "gateway")["probe_from"] == ["laptop"]


@pytest.mark.parametrize(
    ("verdict", "end", "expected"),
    [
        ("listening", {"instance": "1a"}, "open"),
        ("listening", {"instance": "2b"}, "not_probed"),
        ("listening", {"instance": ""}, "not_probed"),
        ("listening", {"unreachable": True}, "open"),
        # The application answers, whatever became of our listener.
        ("in_use", {"instance": ""}, "open"),
    ],
)
def test_inbound_flows_are_proved_while_our_listener_is_there(
    verdict: str, end: dict[str, Any], expected: str
) -> None:
    started = {"instance": "1a", "results": [{"id": "db_sql_in/19812", "verdict": verdict}]}
    probed = loop(pc={"results": [{"id": "db_sql_in/19812", "verdict": "open", "status": "pass"}]})
    (result,) = inbound_results(probed, started, end, "server")
    assert (result["verdict"], result["from"]) == (expected, "pc")
    assert bool(result.get("fix")) == (expected == "not_probed")


def test_a_part_of_the_file_proves_the_port_and_not_the_download() -> None:
    amount = {"bytes": 1 << 20, "verified": True, "mbit": 940.4}
    part = loop(pc=transfer("ok_partial", "warn", fix="leave out max_bytes", **amount))
    whole, active = transfer_results(part, part)
    assert (whole["id"], whole["verdict"], whole["status"]) == (
        "update_ftp/download",
        "ok_partial",
        "warn",
    )
    assert whole["detail"] == "1,048,576 bytes compared, 940 Mbit/s"
    assert (active["id"], active["verdict"], active["status"]) == (
        "update_ftp_data/20",
        "open",
        "pass",
    )
    blocked = loop(pc=transfer("active_data_blocked", "fail", fix="assign the helper"))
    assert transfer_results(blocked, blocked)[1]["verdict"] == "active_data_blocked"
    assert transfer_results(loop(pc={"skipped": True}), {"skipped": True}) == []


def test_active_mode_from_another_port_proves_nothing_about_port_20() -> None:
    note = next(
        note for note in notes({"data_source_port": 40021}) if note.startswith(OTHER_SOURCE)
    )
    part = loop(pc=transfer("ok_partial", "warn", notes=[note], fix="leave out max_bytes"))
    whole, active = transfer_results(part, part)
    assert whole["verdict"] == "ok_partial"
    assert (active["verdict"], active["status"]) == ("not_probed", "none")
    assert "port 40021, not from 20" in active["evidence"][-1]["value"]
    assert "connect_from_port_20" in active["fix"]


def test_table_shows_the_fix_and_counts() -> None:
    lines = verdict_table(
        [
            {**ROW, "rules": "missing", "verdict": "filtered", "status": "fail", "fix": "open it"},
            {**ROW, "rules": "missing", "verdict": "open", "status": "pass", "fix": ""},
        ]
    )
    assert lines[2] == "    fix: open it"
    assert lines[-1] == "1 as wanted, 0 with a warning, 1 not as wanted, 0 not probed"


def test_table_over_several_firms_names_them() -> None:
    row = {**ROW, "rules": "missing", "verdict": "open", "status": "pass", "fix": ""}
    lines = verdict_table([{**row, "firm": "one"}, {**row, "firm": "another"}])
    assert [line.split()[0] for line in lines[:-1]] == ["firm", "one", "another"]
    assert verdict_table([{**row, "firm": "one"}])[0].startswith("host")


def test_rows_say_what_a_flow_is_for() -> None:
    rows = verdict_rows("server", {**SETTINGS, "firm": "one"}, [], [])
    known = {(row["flow"], row["port"]): row for row in rows}
    names = ("firm", "direction", "protocol", "destination", "purpose", "impact")
    out, inbound = known[("update_ftp", "download")], known[("db_sql_in", "19812")]
    assert [out[name] for name in names] == [
        "one",
        "outbound",
        "tcp",
        "update.example",
        "updates",
        "x",
    ]
    assert [inbound[name] for name in names] == ["one", "inbound", "tcp", "", "database", "none"]
    assert known[("db_announce", "19813")]["protocol"] == "udp"


def test_evidence_keeps_the_other_scenario_and_replaces_its_own() -> None:
    row = {**ROW, "verdict": "open", "status": "pass", "fix": ""}
    change = {"changed": True, "diff": {"before": "", "after": "x"}, "rules": ["long"]}
    whole = loop(server=transfer("ok", "pass", bytes=5))
    first = evidence("server", "classic", [row], {}, [whole], change)
    assert first["ftp"] == [
        {
            "scenario": "classic",
            "from": "server",
            "proves": "update_ftp/download",
            **transfer("ok", "pass", bytes=5),
        }
    ]
    assert first["changes"] == [
        {"scenario": "classic", "changed": True, "diff": {"before": "", "after": "x"}}
    ]
    other = {**row, "scenario": "legal_365_server"}
    second = evidence("server", "legal_365_server", [other], {}, earlier=first)
    assert [item["scenario"] for item in second["flows"]] == ["classic", "legal_365_server"]
    assert second["changes"] == first["changes"]
    again = evidence("server", "classic", [row, row], {}, earlier=second)
    assert len(again["flows"]) == 3
    assert again["ftp"] == []


def test_evidence_says_whose_it_is_and_what_made_it() -> None:
    document = evidence("server", "classic", [], {}, firm="one", check_mode=True)
    assert (document["firm"], document["check_mode"]) == ("one", True)
    galaxy = yaml.safe_load((Path(__file__).resolve().parents[4] / "galaxy.yml").read_text())
    assert document["versions"]["collection"] == galaxy["version"]


def test_summary_names_hosts_without_a_proof() -> None:
    row = {**ROW, "rules": "present", "verdict": "open", "status": "pass", "fix": ""}
    shown = verdict_summary(
        ["server", "lost"], {"server": {"scenario_evidence": {"flows": [row]}}, "lost": {}}
    )
    assert shown[-1].startswith("lost: nothing proved")
    assert "db_sql" in shown[1]


def test_summary_names_a_scenario_that_was_not_proved_beside_another_that_was() -> None:
    row = {**ROW, "rules": "present", "verdict": "open", "status": "pass", "fix": ""}
    groups = ["timesensor_classic", "timesensor_legal_365_client"]
    gateway = {"scenario_evidence": {"flows": [row]}, "group_names": groups}
    lost = {"group_names": ["timesensor_classic"]}
    shown = verdict_summary(["gateway", "lost"], {"gateway": gateway, "lost": lost})
    assert shown[-2].startswith("gateway: nothing of legal_365_client proved, it was not reached")
    assert shown[-1].startswith("lost: nothing of classic proved")
