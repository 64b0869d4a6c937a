# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports, addresses and policies: what is accepted, and what each mistake is told as."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.addresses import (
    parse_network,
    parse_peer,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import (
    parse_policy,
    policy_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.ports import (
    PortRange,
    parse_port,
    sorted_disjoint,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.problems import (
    ValueProblem,
)

FLOW: dict[str, Any] = {
    "id": "f",
    "direction": "outbound",
    "protocol": "tcp",
    "ports": [443],
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (443, PortRange(443, 443)),
        ("443", PortRange(443, 443)),
        (" 19812 - 19814 ", PortRange(19812, 19814)),
        (65535, PortRange(65535, 65535)),
    ],
)
def test_port_is_read(value: Any, expected: PortRange) -> None:
    assert parse_port(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "port 0 is not within 1 to 65535"),
        (70000, "port 70000 is not within"),
        ("9-5", "range 9-5 is inverted, write 5-9"),
        ("http", "'http' is neither a port number nor a range"),
        (True, "True is neither a port number"),
        (1.5, "1.5 is neither a port number"),
        ("-1", "'-1' is neither a port number"),
    ],
)
def test_wrong_port_is_told(value: Any, message: str) -> None:
    with pytest.raises(ValueProblem, match=message.replace("(", r"\(")):
        parse_port(value)


def test_overlap_is_told_and_minus_splits() -> None:
    with pytest.raises(ValueProblem, match="1-5 and 3 overlap"):
        sorted_disjoint([PortRange(3, 3), PortRange(1, 5)])
    assert PortRange(1, 9).minus(PortRange(4, 6)) == (PortRange(1, 3), PortRange(7, 9))
    assert PortRange(4, 6).minus(PortRange(1, 9)) == ()
    assert PortRange(1, 3).minus(PortRange(4, 6)) == (PortRange(1, 3),)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("10.0.0.5/24", "write 10.0.0.0/24 or one address"),
        ("mail.example.com", "is a host name, and only an address"),
        ("10.0.0.256", "is not an address"),
        ("2001:db8::/129", "is not an address"),
        (7, "7 is not an address"),
    ],
)
def test_wrong_network_is_told(value: Any, message: str) -> None:
    with pytest.raises(ValueProblem, match=message):
        parse_network(value)


def test_peer_is_a_name_or_a_network() -> None:
    assert parse_peer("Mail.Example.com.").name == "mail.example.com"
    assert str(parse_peer("192.0.2.7")) == "192.0.2.7/32"
    with pytest.raises(ValueProblem):
        parse_peer("192.0.2.777")


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"direction": "out"}, "flow f, direction", "'out' is not one of outbound, inbound"),
        ({"protocol": "icmp"}, "flow f, protocol", "'icmp' is not one of tcp, udp"),
        ({"ports": []}, "flow f, ports", "a flow needs at least one port"),
        ({"port": 1}, "flow f, port", "unknown option"),
        ({"hosts": ["10.0.0.1"]}, "flow f, hosts", "only enforcement: gateway"),
        ({"action": "block"}, "flow f, action", "block is possible for scope: broadcast only"),
        ({"scope": "broadcast"}, "flow f, scope", "outbound and udp"),
        ({"id": "a b"}, "flow a b, id", "'a b' is not a name"),
        ({"id": "a\n"}, "flow a\n, id", "'a\\n' is not a name"),
        ({"peers": ["fe80::1%eth0"]}, "flow f, peers", "has a zone, and a rule has none"),
    ],
)
def test_wrong_flow_is_told_with_its_id(change: dict[str, Any], where: str, what: str) -> None:
    problems = policy_problems({"name": "p", "flows": [{**FLOW, **change}]})
    assert [problem.where for problem in problems] == [where]
    assert what in problems[0].what


def test_gateway_needs_interfaces_hosts_and_one_family() -> None:
    problems = policy_problems(
        {
            "name": "p",
            "enforcement": "gateway",
            "interfaces": {"inside": ["lan0"], "outside": ["lan0"]},
            "flows": [
                {**FLOW, "direction": "inbound"},
                {**FLOW, "id": "g", "peers": ["10.0.0.1"], "hosts": ["2001:db8::1"]},
            ],
        }
    )
    assert sorted(problem.where for problem in problems) == [
        "flow f, hosts",
        "flow g, peers",
        "interfaces",
    ]


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"name": "p\n"}, "name", "is not a name of 1 to 48"),
        (
            {"management": [{"peer": "192.0.2.1", "port": 0}]},
            "management number 1, port",
            "port 0 is not within",
        ),
        ({"interfaces": {"inside": ["\u00e9" * 15]}}, "interfaces, inside", "is no interface name"),
        ({"interfaces": {"inside": 7}}, "interfaces, inside", "7 is no interface name"),
    ],
)
def test_wrong_policy_is_told(change: dict[str, Any], where: str, what: str) -> None:
    problems = policy_problems({"name": "p", "flows": [FLOW], **change})
    assert [problem.where for problem in problems] == [where]
    assert what in problems[0].what


def test_one_interface_need_not_be_a_list() -> None:
    sides = {"inside": "lan0", "outside": "wan0"}
    policy = parse_policy({"name": "p", "enforcement": "gateway", "interfaces": sides})
    assert (policy.inside, policy.outside) == (("lan0",), ("wan0",))


def test_policy_reads_back_what_it_writes() -> None:
    policy = parse_policy(
        {
            "name": "p",
            "default_ingress": "deny",
            "management": [{"peer": "192.0.2.1", "port": 22}],
            "flows": [{**FLOW, "peers": ["192.0.2.0/24", "a.example"], "service": "ftp"}],
        }
    )
    assert parse_policy(policy.as_dict()) == policy
