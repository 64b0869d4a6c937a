# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewall_policy beside the rules of other programs: fail2ban, firewalld, ufw and podman.

Each test runs twice: on the capture that the program wrote once, and beside the program itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from integration_lab import capture
from integration_lab.foreign_host import ForeignHost, foreign_host, foreign_lines, own_places
from integration_lab.foreign_programs import BANNED, HOST, PROGRAMS, PUBLISHED_PORT, WELCOME

from lab.host import wait_for

pytestmark = pytest.mark.lab

GENTLE = ("fail2ban", "fail2ban-iptables", "podman", "podman-trixie")
FRONT_ENDS = ("firewalld", "firewalld-trixie", "ufw")
ORIGINS = {"capture": False, "live": True}


def flow(identifier: str, *ports: int, **more: Any) -> dict[str, Any]:
    base = {"id": identifier, "direction": "outbound", "protocol": "tcp", "ports": list(ports)}
    return {**base, **more}


def inbound(identifier: str, *ports: int, peer: str) -> dict[str, Any]:
    return flow(identifier, *ports, direction="inbound", peers=[peer])


CLASSIC: dict[str, Any] = {
    "name": "classic",
    "flows": [
        flow("licence_https", 443),
        flow("update_ftp", 21, service="ftp"),
        inbound("db_in", 22, 19812, peer="198.51.100.0/24"),
        inbound("db_in_banned", 22, 19812, peer=BANNED),
    ],
}
SECOND: dict[str, Any] = {"name": "second", "flows": [flow("licence_https", 443, 8080)]}
STRICT = {
    "default_egress": "deny",
    "default_ingress": "deny",
    "management": [{"peer": WELCOME, "port": 2222}],
}
GATEWAY: dict[str, Any] = {
    "name": "gateway",
    "enforcement": "gateway",
    "interfaces": {"inside": ["lan0"], "outside": ["eth0"]},
    "flows": [flow("licence_https", 443), flow("update_ftp", 21, service="ftp")],
}


def pairs(*names: str) -> pytest.MarkDecorator:
    """Run a test with the fixture `foreign` for these programs, each from both origins."""
    cases = [(name, origin) for name in names for origin in ORIGINS]
    return pytest.mark.parametrize("foreign", cases, indirect=True, ids="-".join)


@pytest.fixture
def foreign(request: pytest.FixtureRequest) -> Iterator[ForeignHost]:
    name, origin = request.param
    with foreign_host(name, live=ORIGINS[origin]) as running:
        yield running


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_still_writes_what_was_captured(name: str) -> None:
    with foreign_host(name, live=True) as running:
        taken = capture.take(PROGRAMS[name], running.lab[HOST])
    assert capture.comparable(taken) == capture.comparable(capture.all_stored(name))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_capture_loads_as_what_it_was(name: str) -> None:
    captured = capture.canonical(capture.stored(name))
    with foreign_host(name, live=False) as running:
        loaded = capture.canonical(running.host.rules())
    assert {place: loaded[place] for place in captured} == captured
    # iptables-restore also makes the tables' usual chains that the program had no need of.
    more = [rules for place, rules in loaded.items() if place not in captured]
    assert all(rule.endswith("policy accept;") for rules in more for rule in rules)


@pairs(*GENTLE)
@pytest.mark.parametrize("defaults", [{}, STRICT], ids=["untouched", "deny"])
def test_beside_rules_that_stop_no_flow(foreign: ForeignHost, defaults: dict[str, Any]) -> None:
    host = foreign.host
    before = host.state()
    rules = foreign_lines(host.rules())
    policy = {**CLASSIC, **defaults}
    predicted = host.apply(policy, check=True)
    assert host.state() == before
    done = host.apply(policy)
    assert done["changed"]
    assert done["diff"] == predicted["diff"]
    assert host.apply(SECOND)["changed"]
    assert not host.apply(policy)["changed"]
    assert foreign_lines(host.rules()) == rules
    assert own_places(host.rules()) == ["inet legalops_timesensor"]
    assert set(host.audit_states(policy).values()) == {"present"}
    assert host.remove("classic")["changed"]
    assert host.audit_states(SECOND) == {"licence_https": "present"}
    assert foreign_lines(host.rules()) == rules
    assert host.remove("second")["changed"]
    assert host.state() == before


@pairs(*FRONT_ENDS)
def test_a_front_end_is_left_alone(foreign: ForeignHost, request: pytest.FixtureRequest) -> None:
    host = foreign.host
    manager = request.node.callspec.params["foreign"][0].partition("-")[0]
    before = host.state()
    for backend in ("auto", "nftables"):
        policy = {**CLASSIC, "backend": backend}
        for result in (host.apply(policy), host.apply(policy, check=True), host.audit(policy)):
            assert result["failed"]
            assert manager in result["msg"]
            assert [item["backend"] for item in result["conflicts"]] == [manager]
    assert not host.remove("classic")["changed"]
    assert host.state() == before


@pytest.mark.parametrize("live", ORIGINS.values(), ids=ORIGINS)
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_removal_after_a_front_end_took_over(name: str, live: bool) -> None:
    with foreign_host(live=live, suite=PROGRAMS[name].suite) as running:
        host = running.host
        host.apply(CLASSIC)
        host.apply(SECOND)
        running.add(name)
        taken_over = host.state()
        assert host.apply({**SECOND, "flows": CLASSIC["flows"]})["failed"]
        assert host.state() == taken_over
        assert host.remove("classic")["changed"]
        assert host.remove("second")["changed"]
        assert capture.canonical(host.rules()) == capture.canonical(capture.stored(name))
        assert host.run("find", "/var/lib", "/etc", "/run", "-name", "*legalops*") == ""


@pairs("fail2ban", "fail2ban-iptables")
def test_a_ban_holds_whatever_the_policy_opens(foreign: ForeignHost) -> None:
    ports = (22, 19812)
    foreign.serve(*ports)

    def answers() -> dict[str, set[str]]:
        return {who: {foreign.answer(who, port) for port in ports} for who in ("banned", "welcome")}

    expected = {"banned": {"refused"}, "welcome": {"open"}}
    assert answers() == expected
    result = foreign.host.apply({**CLASSIC, **STRICT})
    assert answers() == expected
    told = [line for line in result["warnings"] if "f2b" in line]
    assert told
    assert all("classic/db_in_banned" in line and "licence" not in line for line in told)
    foreign.host.remove("classic")
    assert answers() == expected


@pytest.mark.parametrize("name", ["fail2ban", "fail2ban-iptables"])
def test_fail2ban_works_on_while_a_policy_is_there(name: str) -> None:
    with foreign_host(name, live=True) as running:
        host = running.host
        running.serve(22)
        host.apply({**CLASSIC, **STRICT})
        host.run("fail2ban-client", "set", "sshd", "banip", WELCOME)
        wait_for(lambda: running.answer("welcome", 22) == "refused", 10, "the ban has no effect")
        host.run("fail2ban-client", "set", "sshd", "unbanip", WELCOME)
        wait_for(lambda: running.answer("welcome", 22) == "open", 10, "the ban does not end")
        host.run("fail2ban-client", "stop")
        assert "f2b" not in host.rules()
        assert set(host.audit_states({**CLASSIC, **STRICT}).values()) == {"present"}
        assert running.answer("banned", 22) == "open"


@pytest.mark.parametrize(
    ("name", "stop"),
    [
        ("ufw", "ufw disable"),
        ("firewalld", "kill $(cat /run/firewalld.pid)"),
        ("firewalld-trixie", "kill $(cat /run/firewalld.pid)"),
    ],
)
def test_a_front_end_that_was_turned_off_is_no_owner(name: str, stop: str) -> None:
    with foreign_host(name, live=True) as running:
        host = running.host
        host.run("sh", "-c", stop)
        wait_for(lambda: "drop" not in host.rules(), 10, f"{name} does not stop")
        rules = foreign_lines(host.rules())
        assert host.apply(CLASSIC)["changed"]
        assert foreign_lines(host.rules()) == rules
        assert host.remove("classic")["changed"]
        assert foreign_lines(host.rules()) == rules


@pytest.mark.parametrize("live", ORIGINS.values(), ids=ORIGINS)
def test_two_front_ends_at_once_are_told(live: bool) -> None:
    both = ("firewalld", "ufw")
    with foreign_host(*both, live=live) as running:
        host = running.host
        before = host.state()
        result = host.apply(CLASSIC)
        assert "firewalld and ufw are both live" in result["msg"]
        assert {item["backend"] for item in result["conflicts"]} == set(both)
        assert host.state() == before


@pairs("podman", "podman-trixie")
def test_a_gateway_beside_podman(foreign: ForeignHost) -> None:
    host = foreign.host
    before = host.state()
    rules = foreign_lines(host.rules())
    assert host.apply(GATEWAY)["changed"]
    assert own_places(host.rules()) == ["inet legalops_timesensor"]
    assert foreign_lines(host.rules()) == rules
    host.remove("gateway")
    assert host.state() == before


@pytest.mark.parametrize("live", ORIGINS.values(), ids=ORIGINS)
@pytest.mark.parametrize(
    ("name", "command", "manager", "table"),
    [
        ("podman", "iptables -P FORWARD DROP", "iptables", "ip filter"),
        (
            "podman-trixie",
            "nft 'chain inet netavark FORWARD { policy drop; }'",
            "podman",
            "inet netavark",
        ),
    ],
)
def test_a_managed_chain_that_stops_a_flow_is_a_conflict(
    name: str, command: str, manager: str, table: str, live: bool
) -> None:
    with foreign_host(name, live=live) as running:
        host = running.host
        host.run("sh", "-c", command)
        before = host.state()
        result = host.apply(GATEWAY)
        assert result["failed"]
        conflicts = result["conflicts"]
        assert {(item["backend"], item["table"], item["chain"]) for item in conflicts} == {
            (manager, table, "FORWARD")
        }
        assert conflicts[0]["flows"] == ["gateway/licence_https", "gateway/update_ftp"]
        assert host.state() == before
        assert host.apply(CLASSIC)["changed"], "it stops no flow of the host itself"


@pytest.mark.parametrize("name", ["podman", "podman-trixie"])
def test_a_published_port_of_podman_stays_open(name: str) -> None:
    with foreign_host(name, live=True) as running:
        wait_for(lambda: running.answer("welcome", PUBLISHED_PORT) == "open", 10, "no container")
        for policy in ({**CLASSIC, **STRICT}, {**GATEWAY, "default_ingress": "deny"}):
            running.host.apply(policy)
            assert running.answer("welcome", PUBLISHED_PORT) == "open"
        running.host.remove("classic")
        running.host.remove("gateway")
        assert running.answer("welcome", PUBLISHED_PORT) == "open"
