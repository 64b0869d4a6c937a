# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewall_policy on a real kernel: apply, second policy, audit, foreign rules, removal,
restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration_lab.private_host import PrivateHost

ADMIN_RULES = (Path(__file__).parent / "rulesets" / "admin.nft").read_text()


def flow(identifier: str, ports: list[object], **more: Any) -> dict[str, Any]:
    base = {"id": identifier, "direction": "outbound", "protocol": "tcp", "ports": ports}
    return {**base, **more}


CLASSIC: dict[str, Any] = {
    "name": "classic",
    "flows": [
        flow("licence_https", [443]),
        flow("update_ftp", [21], service="ftp"),
        flow("db_sql_in", [19812], direction="inbound", peers=["10.77.0.0/24"]),
    ],
}
SECOND: dict[str, Any] = {"name": "second", "flows": [flow("licence_https", [443, 8080])]}


def test_second_apply_changes_nothing_and_check_mode_predicts(host: PrivateHost) -> None:
    predicted = host.apply(CLASSIC, check=True)
    assert predicted["changed"]
    assert host.rules() == ""
    done = host.apply(CLASSIC)
    assert done["diff"] == predicted["diff"]
    assert "ct helper set" in host.rules()
    assert not host.apply(CLASSIC)["changed"]
    assert not host.apply(CLASSIC, check=True)["changed"]


def test_removal_leaves_the_state_before(host: PrivateHost) -> None:
    host.nft(ADMIN_RULES)
    before = host.state()
    host.apply(CLASSIC)
    host.apply(SECOND)
    assert host.state() != before
    host.remove("classic")
    assert host.audit_states(SECOND) == {"licence_https": "present"}
    assert host.remove("second")["changed"]
    assert host.state() == before
    assert not host.remove("second")["changed"]


def test_jump_stands_directly_before_the_blocker(host: PrivateHost) -> None:
    host.nft(ADMIN_RULES)
    result = host.apply(CLASSIC)
    lines = [line.strip() for line in host.rules().splitlines()]
    blocker = lines.index("tcp dport 1-1023 reject with tcp reset")
    assert lines[blocker - 1].startswith("jump legalops_timesensor_output")
    ban = lines.index("ip saddr @banned tcp dport 22 reject with icmp port-unreachable")
    assert lines[ban + 1] == "tcp dport 22 accept"
    assert lines[ban + 2].startswith("jump legalops_timesensor_input")
    opened = {item["flow"] for item in result["exposure"]}
    assert {"classic/licence_https", "classic/update_ftp", "classic/db_sql_in"} == opened


def test_audit_names_what_overrides(host: PrivateHost) -> None:
    assert set(host.audit_states(CLASSIC).values()) == {"missing"}
    host.nft(ADMIN_RULES)
    host.apply(CLASSIC)
    assert set(host.audit_states(CLASSIC).values()) == {"present"}
    host.nft(
        "table inet late { chain out { type filter hook output priority 10; policy accept;\n"
        "tcp dport 443 drop\n}\n}\n"
    )
    audit = {item["flow"]: item for item in host.audit(CLASSIC)["flows"]}
    states = {name: item["state"] for name, item in audit.items()}
    assert states == {
        "licence_https": "overridden",
        "update_ftp": "present",
        "db_sql_in": "present",
    }
    assert audit["licence_https"]["foreign"][0]["table"] == "late"
    assert host.apply(CLASSIC)["changed"]
    assert set(host.audit_states(CLASSIC).values()) == {"present"}


def test_drift_in_our_table_is_found_and_healed(host: PrivateHost) -> None:
    host.apply(CLASSIC)
    before = host.rules()
    host.run("nft", "flush", "chain", "inet", "legalops_timesensor", "helper_output")
    assert host.audit_states(CLASSIC)["update_ftp"] == "missing"
    assert host.apply(CLASSIC)["changed"]
    assert host.rules() == before


def test_restore_program_brings_rules_back(host: PrivateHost) -> None:
    host.nft(ADMIN_RULES)
    host.apply(CLASSIC)
    before = host.rules()
    unit = host.run("cat", "/etc/systemd/system/legalops-timesensor-firewall.service")
    command = next(line[10:] for line in unit.splitlines() if line.startswith("ExecStart="))
    host.run("nft", "flush", "ruleset")
    host.nft(ADMIN_RULES)
    host.run(*command.split())
    assert host.rules() == before


def test_deny_keeps_management_and_baseline(host: PrivateHost) -> None:
    params = {
        **CLASSIC,
        "default_egress": "deny",
        "default_ingress": "deny",
        "management": [{"peer": "192.0.2.5", "port": 22}],
    }
    host.apply(params)
    rules = host.rules()
    assert 'ip saddr 192.0.2.5 tcp dport 22 accept comment "classic/management"' in rules
    assert "default_egress deny of classic" in rules
    host.remove("classic")
    assert host.rules() == ""


def test_all_input_errors_at_once_and_nothing_changed(host: PrivateHost) -> None:
    before = host.state()
    result = host.apply(
        {
            "name": "classic",
            "flows": [
                flow("a", [0, 70000, "9-5"]),
                flow("a", []),
                flow("b", ["1-5", 3], peers=["10.0.0.5/8"]),
            ],
        }
    )
    for words in (
        "flow a, ports: port 0 is not within",
        "port 70000 is not within",
        "range 9-5 is inverted",
        "flow a, ports: a flow needs at least one port",
        "flow b, ports: 1-5 and 3 overlap",
        "flows number 1 and 2 have the same id",
        "write 10.0.0.0/8",
    ):
        assert words in result["msg"]
    assert host.state() == before
