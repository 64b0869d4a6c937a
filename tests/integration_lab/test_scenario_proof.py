# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a scenario by its role: inbound flows from another host, before the application is
there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, firm

INBOUND = ["db_sql_in", "db_app_in", "db_db4d_in", "db_quic_in"]


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with Lab(firm()) as lab:
        yield lab


def prove(
    lab: Lab, tmp_path: Path, roles: tuple[str, ...] = ("classic",), **settings: Any
) -> dict[str, dict[str, Any]]:
    """Run roles on the firm's server and return the rows of the last one by flow.

    `settings` are variables of the role classic, without their prefix.
    """
    variables = {f"classic_{name}": value for name, value in settings.items()}
    for name in roles:
        variables[f"{name}_fail_on"] = "never"
        variables[f"{name}_report_dir"] = str(tmp_path / "reports")
    includes = [{"name": f"legalops.timesensor.{name}"} for name in roles]
    done = lab.play(tmp_path, "server", includes, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "reports" / "firm" / "server.json").read_text())
    return {row["flow"]: row for row in document["flows"]}


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
