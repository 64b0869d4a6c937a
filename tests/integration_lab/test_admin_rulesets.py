# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewall_policy in rulesets that administrators wrote: on their hosts and on their gateways."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration_lab.foreign_host import foreign_lines, own_places
from integration_lab.lab_host import LabHost
from integration_lab.private_host import PrivateHost

from lab import Lab, firm

RULESETS = Path(__file__).parent / "rulesets"
OWN_TABLE = "inet legalops_timesensor"
GATEWAY_WAN = "203.0.113.1"


def flow(identifier: str, *ports: int, **more: Any) -> dict[str, Any]:
    base = {"id": identifier, "direction": "outbound", "protocol": "tcp", "ports": list(ports)}
    return {**base, **more}


FLOWS = [
    flow("licence", 443, 8080),
    flow("update_ftp", 21, service="ftp"),
    flow("mail_imaps", 993),
]
POLICIES: dict[str, dict[str, Any]] = {
    "host": {
        "name": "classic",
        "flows": [*FLOWS, flow("db_in", 19812, direction="inbound", peers=["10.77.0.0/24"])],
    },
    "gateway": {
        "name": "classic",
        "enforcement": "gateway",
        "interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
        "flows": FLOWS,
    },
}
# Where the jumps must stand: before these lines of these rulesets, "}" for the end of a chain.
BLOCKERS = {
    ("admin", "host"): ["}", "tcp dport 1-1023 reject with tcp reset"],
    ("admin", "gateway"): [],
    ("debian_gateway", "host"): ["}", "}"],
    ("debian_gateway", "gateway"): [
        'counter name "refused_out" reject with icmpx admin-prohibited'
    ],
}


def ruleset(name: str) -> str:
    return (RULESETS / f"{name}.nft").read_text()


def after_jumps(listing: str) -> list[str]:
    """Return the line after each jump of ours."""
    lines = [line.strip() for line in listing.splitlines()]
    return [lines[at + 1] for at, line in enumerate(lines) if "jump legalops_timesensor" in line]


@pytest.mark.parametrize(("rules", "point"), BLOCKERS)
def test_nothing_of_the_administrators_changes(host: PrivateHost, rules: str, point: str) -> None:
    host.nft(ruleset(rules))
    policy = POLICIES[point]
    second = {**policy, "name": "second", "flows": [flow("licence", 443), flow("other", 25)]}
    before = host.state()
    lines = foreign_lines(host.rules())
    predicted = host.apply(policy, check=True)
    assert host.state() == before
    done = host.apply(policy)
    assert (done["diff"], done["exposure"]) == (predicted["diff"], predicted["exposure"])
    assert after_jumps(host.rules()) == BLOCKERS[rules, point]
    assert host.apply(second)["changed"]
    for again in (policy, second):
        assert not host.apply(again)["changed"]
        assert set(host.audit_states(again).values()) == {"present"}
    assert after_jumps(host.rules()) == BLOCKERS[rules, point]
    assert foreign_lines(host.rules()) == lines
    assert host.remove("classic")["changed"]
    assert set(host.audit_states(second).values()) == {"present"}
    assert foreign_lines(host.rules()) == lines
    assert host.remove("second")["changed"]
    assert host.state() == before


@pytest.mark.parametrize(("rules", "point"), BLOCKERS)
def test_rules_come_back_after_the_administrators_own_are_loaded_anew(
    host: PrivateHost, rules: str, point: str
) -> None:
    host.nft(ruleset(rules))
    host.apply(POLICIES[point])
    before = host.rules()
    unit = host.run("cat", "/etc/systemd/system/legalops-timesensor-firewall.service")
    command = next(line[10:] for line in unit.splitlines() if line.startswith("ExecStart="))
    host.nft("flush ruleset\n" + ruleset(rules))
    assert own_places(host.rules()) == []
    host.run(*command.split())
    assert host.rules() == before


@pytest.fixture
def office() -> Iterator[Lab]:
    """The firm behind a gateway with the second ruleset, and servers on the internet side."""
    with Lab(firm(rules=ruleset("debian_gateway"))) as lab:
        lab.services.start("vsftpd", "update")
        lab["update"].sh("echo whole > /srv/lab/ftp/package")
        yield lab


def peer_seen(lab: Lab, source: str, target: str, port: int, address: str = "") -> str:
    """Return as whom `target` sees `source` connect to its port (by `address`), or "" when it does
    not get there."""
    with lab[target].socket() as server, lab[source].socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((lab[target].address, 443 if address else port))
        server.listen()
        client.settimeout(0.7)
        try:
            client.connect((address or lab[target].address, port))
        except OSError:
            return ""
        connection, (seen, _unused) = server.accept()
        connection.close()
        return str(seen)


def downloads(lab: Lab, source: str) -> bool:
    command = ["curl", "-4sS", "-m", "1.5", "ftp://update.vendor.test/package"]
    return str(lab[source].run(command).stdout) == "whole\n"


def test_packets_through_an_administrators_gateway(office: Lab) -> None:
    gateway = LabHost(office["gateway"])

    def works() -> dict[str, object]:
        return {
            "web": peer_seen(office, "workstation", "licence", 443),
            "licence on 8080": peer_seen(office, "workstation", "licence", 8080),
            "update": downloads(office, "workstation"),
            "mail of the exception": peer_seen(office, "workstation", "mail", 993),
            "mail of others": peer_seen(office, "workstation", "outsider", 993),
            "no flow": peer_seen(office, "workstation", "licence", 25),
            "quarantined": peer_seen(office, "server", "licence", 443),
            "quarantined update": downloads(office, "server"),
            "port forward": peer_seen(office, "outsider", "workstation", 8443, GATEWAY_WAN),
        }

    before = works()
    assert before == {
        "web": GATEWAY_WAN,
        "licence on 8080": "",
        "update": False,
        "mail of the exception": GATEWAY_WAN,
        "mail of others": "",
        "no flow": "",
        "quarantined": "",
        "quarantined update": False,
        "port forward": office["outsider"].address,
    }
    gateway.apply(POLICIES["gateway"])
    opened = {"licence on 8080": GATEWAY_WAN, "update": True, "mail of others": GATEWAY_WAN}
    assert works() == {**before, **opened}
    gateway.remove("classic")
    assert works() == before


def test_packets_of_the_gateway_itself(office: Lab) -> None:
    gateway = LabHost(office["gateway"])

    def works() -> dict[str, object]:
        return {
            "licence on 8080": bool(peer_seen(office, "gateway", "licence", 8080)),
            "update": downloads(office, "gateway"),
            "no flow": bool(peer_seen(office, "gateway", "licence", 25)),
            "database": bool(peer_seen(office, "workstation", "gateway", 19812)),
        }

    before = works()
    assert before == dict.fromkeys(before, False)
    gateway.apply(POLICIES["host"])
    assert works() == {**dict.fromkeys(before, True), "no flow": False}
    gateway.remove("classic")
    assert works() == before
