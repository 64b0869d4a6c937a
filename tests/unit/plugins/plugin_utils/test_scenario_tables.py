# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's table (issue text and article), held against the roles by machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import (
    expected_proofs,
    outbound_targets,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.scenario import scenario_flows

ROLES = Path(__file__).resolve().parents[4] / "roles"

BASE = {("tcp", port, "outbound") for port in (20, 21, 22, 80, 443, 8080)}
MAIL = {("tcp", port, "outbound") for port in (465, 587, 993, 995)}
DATABASE = {("tcp", 19812), ("tcp", 19813), ("tcp", 19814), ("udp", 19813)}
OUT = {(*item, "outbound") for item in DATABASE}
IN = {(*item, "inbound") for item in DATABASE}

# scenario, email interface -> protocol, port and direction of every flow
VENDOR: list[tuple[str, bool, set[tuple[str, int, str]]]] = [
    ("classic", False, BASE),
    ("classic", True, BASE | MAIL),
    ("legal_365_server", False, BASE | OUT | IN),
    ("legal_365_server", True, BASE | MAIL | OUT | IN),
    ("legal_365_client", False, OUT),
    ("legal_365_client", True, OUT | MAIL),
]

FLOW_PORTS = {
    "licence_http": [80, 8080],
    "licence_https": [443],
    "update_ftp": [21],
    "update_ftp_data": [20],
    "update_sftp": [22],
    "mail_submission": [465, 587],
    "mail_imaps": [993],
    "mail_pop3s": [995],
    "db_sql": [19812],
    "db_app": [19813],
    "db_db4d": [19814],
    "db_quic": [19813],
}


def settings(role: str, **more: Any) -> dict[str, Any]:
    """Return a role's settings as Ansible would template them from its own files."""
    defaults = yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text())
    variables = yaml.safe_load((ROLES / role / "vars" / "main.yml").read_text())
    table = variables[f"__{role}_table"] + variables.get(f"__{role}_own_table", [])
    values = {name[len(role) + 1 :]: value for name, value in defaults.items()}
    return {**values, "name": role, "table": table, **more}


@pytest.mark.parametrize(("role", "email", "expected"), VENDOR)
def test_role_opens_exactly_the_vendors_ports(
    role: str, email: bool, expected: set[tuple[str, int, str]]
) -> None:
    flows = scenario_flows(settings(role, email_interface=email))
    ports = {
        (flow["protocol"], int(port), flow["direction"])
        for flow in flows
        if flow["id"] != "db_announce"
        for port in flow["ports"]
    }
    assert ports == expected


@pytest.mark.parametrize("role", ["classic", "legal_365_server", "legal_365_client"])
def test_flow_ids_and_lines(role: str) -> None:
    table = settings(role)["table"]
    for line in table:
        assert [flow["ports"] for flow in line["flows"]] == [
            FLOW_PORTS[flow["id"]] for flow in line["flows"]
        ]
        listed = sorted(int(port) for port in str(line["ports"]).split(","))
        assert listed == sorted(port for flow in line["flows"] for port in flow["ports"])


def test_classic_lan_side_is_off_by_default() -> None:
    flows = scenario_flows(settings("classic", lan_side=True, inbound_peers=["10.77.0.0/24"]))
    inbound = {flow["id"]: flow for flow in flows if flow["direction"] == "inbound"}
    assert set(inbound) == {"db_sql_in", "db_app_in", "db_db4d_in", "db_quic_in"}
    assert inbound["db_sql_in"]["peers"] == ["10.77.0.0/24"]


def test_broadcasting_is_blocked_on_the_host_only() -> None:
    flows = scenario_flows(settings("legal_365_server", broadcasting="block"))
    assert flows[-1]["action"] == "block"
    with pytest.raises(InputError, match="legal_365_server_broadcasting: block works on"):
        scenario_flows(
            settings(
                "legal_365_server",
                broadcasting="block",
                enforcement="gateway",
                hosts=["10.0.0.1"],
                interfaces={"inside": ["lan0"], "outside": ["wan0"]},
            )
        )


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        scenario_flows(
            settings(
                "legal_365_server",
                inbound_peers=["10.0.0.5/8"],
                endpoints={"licence": {"host": "not a name!", "ports": [70000]}, "mial": {}},
                default_egress="no",
            )
        )
    message = str(caught.value)
    for words in (
        "legal_365_server_endpoints.mial: unknown",
        "endpoints.licence.ports: port 70000",
        "flow licence_http, peers: 'not a name!'",
        "flow db_sql_in, peers: '10.0.0.5/8' has bits set",
        "legal_365_server_default_egress: 'no' is not one of",
    ):
        assert words in message


@pytest.mark.parametrize(
    ("value", "on"), [("false", False), ("no", False), ("0", False), ("yes", True), (1, True)]
)
def test_a_switch_is_read_as_ansible_reads_it(value: Any, on: bool) -> None:
    """C(-e classic_email_interface=false) and an INI inventory give a text, and no role converts
    it."""
    flows = scenario_flows(settings("classic", email_interface=value, lan_side=value))
    assert {"mail_imaps", "db_sql_in"} <= {flow["id"] for flow in flows} or not on
    assert on or not {"mail_imaps", "db_sql_in"} & {flow["id"] for flow in flows}


def test_variables_of_a_wrong_shape_are_named_all_at_once() -> None:
    update = {
        "host": "update.example",
        "path": "/package.bin",
        "password": "hidden",
        "expected_size": "much",
        "max_bytes": 0,
        "checksum": "sha256:12",
    }
    wrong = settings(
        "classic",
        email_interface="perhaps",
        hosts="10.0.0.1",
        probe_from="pc",
        endpoints={"licence": "licence.example", "mail": {"host": "m", "ports": 993}},
    )
    wrong["endpoints"]["update"] = update
    with pytest.raises(InputError) as caught:
        scenario_flows(wrong, ["pc"])
    message = str(caught.value)
    for words in (
        "classic_email_interface: 'perhaps' is neither true nor false",
        "classic_hosts: '10.0.0.1' is not a list, write [10.0.0.1]",
        "classic_probe_from: 'pc' is not a list, write [pc]",
        "classic_endpoints.licence: is not a dictionary",
        "classic_endpoints.mail.ports: 993 is not a list, write [993]",
        "classic_endpoints.update: argument 'expected_size'",
        "classic_endpoints.update.max_bytes: 0 is not 1 or more",
        "classic_endpoints.update.checksum: 'sha256:12' is not sha256:",
    ):
        assert words in message
    assert "hidden" not in message
    with pytest.raises(InputError, match="classic_endpoints: 'x' is not a dictionary of licence"):
        scenario_flows(settings("classic", endpoints="x"))


@pytest.mark.parametrize("firm", ["Meier / Partner", "..", 7])
def test_a_firm_that_cannot_name_a_directory_is_refused_at_once(firm: Any) -> None:
    with pytest.raises(InputError, match=r"classic_firm: .* cannot name a directory"):
        scenario_flows(settings("classic", firm=firm))


@pytest.mark.parametrize("update", [None, {}, {"host": "update.example", "expected_size": "5"}])
def test_an_endpoint_may_be_empty_and_a_number_a_text(update: Any) -> None:
    given = settings("classic", endpoints={"update": update})
    assert [proof.id for proof in expected_proofs(given, "pc")][-2] == "update_ftp/download"


def test_targets_name_port_and_service_and_keep_missing_endpoints() -> None:
    found = {
        item["id"]: item
        for item in outbound_targets(
            settings(
                "classic",
                email_interface=True,
                endpoints={
                    "licence": {"host": "licence.example", "ports": [443]},
                    "mail": {"host": "mail.example"},
                },
            )
        )
    }
    assert found["licence_https/443"]["host"] == "licence.example"
    assert found["licence_http/80"]["host"] == ""
    assert found["update_ftp/21"]["host"] == ""
    assert found["mail_submission/465"]["service"] == "smtps"
    assert found["mail_submission/587"]["service"] == "submission"
    assert "update_ftp_data/20" not in found


def test_hosts_of_the_proof_are_checked() -> None:
    wrong = settings(
        "legal_365_server",
        probe_from=["nobody"],
        prove_on=["there"],
        announce_to=["there", "there"],
    )
    with pytest.raises(InputError) as caught:
        scenario_flows(wrong, ["here", "there"])
    assert "legal_365_server_probe_from: 'nobody' is not a host" in str(caught.value)
    assert "legal_365_server_prove_on: is for enforcement: gateway" in str(caught.value)
    assert "legal_365_server_announce_to: 'there' is named more than once" in str(caught.value)
    sides = {"inside": ["lan0"], "outside": ["wan0"]}
    with pytest.raises(InputError, match="announce_to: a gateway forwards no announcement"):
        scenario_flows(
            settings("classic", enforcement="gateway", interfaces=sides, announce_to=["there"])
        )
