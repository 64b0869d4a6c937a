# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole ruleset of typical policies, as text: a change of a rule shows as a change of a file.

Write the files anew with TIMESENSOR_WRITE_GOLDEN=1, and read the difference before you commit it.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import parse_policy
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.own_table import (
    render_own_table,
)

GOLDEN = Path(__file__).parent / "golden"


def flow(identifier: str, ports: list[Any], **more: Any) -> dict[str, Any]:
    base = {"id": identifier, "direction": "outbound", "protocol": "tcp", "ports": ports}
    return {**base, **more}


FLOWS = [
    flow("licence_http", [80, 8080]),
    flow("update_ftp", [21], service="ftp", peers=["203.0.113.21", "2001:db8:113::21"]),
    flow("db_sql_in", ["19812-19814"], direction="inbound", peers=["10.77.0.0/24"]),
]
GATEWAY = {
    "name": "classic",
    "enforcement": "gateway",
    "interfaces": {"inside": ["lan0", "lan1"], "outside": ["wan0"]},
}
ANNOUNCE = {"protocol": "udp", "scope": "broadcast"}

CASES: dict[str, list[dict[str, Any]]] = {
    "host_untouched": [{"name": "classic", "flows": FLOWS}],
    "host_deny": [
        {
            "name": "classic",
            "default_egress": "deny",
            "default_ingress": "deny",
            "management": [{"peer": "192.0.2.9", "port": 22}],
            "flows": FLOWS,
        }
    ],
    "broadcast_block": [
        {"name": "classic", "flows": [flow("db_announce", [19813], action="block", **ANNOUNCE)]}
    ],
    "broadcast_allowed_under_deny": [
        {
            "name": "classic",
            "default_egress": "deny",
            "flows": [flow("db_announce", [19813], **ANNOUNCE)],
        }
    ],
    "gateway_deny": [
        {
            **GATEWAY,
            "default_egress": "deny",
            "default_ingress": "deny",
            "flows": [
                flow("update_ftp", [21], service="ftp", hosts=["10.77.0.0/24"]),
                flow("db_sql_in", [19812], direction="inbound", hosts=["10.77.0.20"]),
            ],
        }
    ],
    "union_of_two": [
        {"name": "a", "default_egress": "deny", "flows": [flow("x", [443])]},
        {"name": "b", "flows": [flow("y", [8443])]},
    ],
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_own_table_is_as_written_down(name: str) -> None:
    resolvers = (ipaddress.ip_network("192.0.2.53/32"),)
    policies = []
    for params in CASES[name]:
        policy = parse_policy(params)
        policies.append(policy.with_facts({}, policy.management, resolvers))
    text = render_own_table(policies)
    path = GOLDEN / f"{name}.nft"
    if os.environ.get("TIMESENSOR_WRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_nothing_to_hold_is_no_table() -> None:
    policy = parse_policy({"name": "a", "flows": [flow("x", [443])]})
    assert render_own_table([policy]) == ""
