# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of flow_probe: what is accepted, and that every mistake is named at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.target import (
    input_problems,
    parse_targets,
)

PIN = "sha256:" + "aB" * 32


def problems(*targets: Any, **params: Any) -> list[str]:
    return [str(problem) for problem in input_problems({"targets": list(targets), **params})]


def test_a_short_target_gets_the_defaults() -> None:
    (target,) = parse_targets([{"id": "a", "host": "192.0.2.1", "port": "443"}])

    assert (target.port, target.protocol, target.service) == (443, "tcp", "none")


def test_a_target_without_host_is_accepted() -> None:
    (target,) = parse_targets([{"id": "a", "host": None, "port": 443}])

    assert target.host == ""


def test_a_pin_is_kept_without_its_prefix_and_in_lower_case() -> None:
    (target,) = parse_targets(
        [{"id": "a", "host": "a.example", "port": 443, "service": "https", "tls_pin": PIN}]
    )

    assert target.tls_pin == "ab" * 32


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"id": "a", "port": 0}, "target a, port: port 0 is not within 1 to 65535"),
        ({"id": "a", "port": 70000}, "target a, port: port 70000 is not within 1 to 65535"),
        ({"id": "a", "port": "1-2"}, "target a, port: '1-2' is not a port number"),
        ({"id": "a", "port": True}, "target a, port: True is not a port number"),
        ({"port": 1}, "target number 1, id: every target needs an id"),
        ("a", "target number 1: 'a' is not a mapping with id, host, port, ..."),
        (
            {"id": "a", "port": 1, "host": "a b"},
            "target a, host: 'a b' is neither an address nor a host name",
        ),
        (
            {"id": "a", "port": 1, "protocol": "udp", "service": "http"},
            "target a, protocol: service http exists on tcp only, not on udp",
        ),
        (
            {"id": "a", "port": 1, "service": "quic"},
            "target a, protocol: service quic exists on udp only, not on tcp",
        ),
        (
            {"id": "a", "port": 1, "service": "token"},
            "target a, token: service token needs a token of at least 8 characters",
        ),
        (
            {"id": "a", "port": 1, "token": "long enough"},
            "target a, token: service none uses no token, leave it out",
        ),
        (
            {"id": "a", "port": 1, "service": "ftp", "tls_pin": PIN},
            "target a, tls_pin: service ftp has no certificate to compare",
        ),
        (
            {"id": "a", "port": 1, "service": "https", "tls_pin": "sha1:00"},
            "target a, tls_pin: 'sha1:00' is not sha256: followed by 64 hexadecimal digits",
        ),
        (
            {"id": "a", "port": 1, "interface": "a/b"},
            "target a, interface: 'a/b' is not an interface name",
        ),
    ],
)
def test_one_mistake_is_named_with_id_and_field(target: Any, expected: str) -> None:
    assert problems(target) == [expected]


def test_an_unknown_service_and_an_unknown_option_are_named() -> None:
    found = problems({"id": "a", "port": 1, "service": "gopher", "ports": [1]})

    assert [line.split(":")[0] for line in found] == ["target a, ports", "target a, service"]


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_targets([{"id": "a", "port": 0}, {"id": "a", "port": 70000}, {"id": "b"}])

    assert str(caught.value) == (
        "4 mistakes in the input, nothing was sent:"
        "\n  - target a, port: port 0 is not within 1 to 65535"
        "\n  - target a, port: port 70000 is not within 1 to 65535"
        "\n  - target b, port: None is not a port number"
        "\n  - target a, id: 'a' is used more than once, ids must be unique"
    )


@pytest.mark.parametrize("value", [None, "a", {}, []])
def test_no_list_of_targets_is_a_mistake(value: Any) -> None:
    assert [problem.where for problem in input_problems({"targets": value})] == ["targets"]


@pytest.mark.parametrize("timeout", [0, -1, 301, "soon", None])
def test_a_wrong_timeout_is_named(timeout: Any) -> None:
    (found,) = problems({"id": "a", "port": 1}, timeout=timeout)

    assert found.startswith("timeout: ")


def test_a_wrong_family_is_named() -> None:
    assert problems({"id": "a", "port": 1}, family="ipx") == [
        "family: 'ipx' is not one of auto, ipv4, ipv6"
    ]


@pytest.mark.parametrize(
    ("family", "right", "wrong"),
    [("ipv4", "192.0.2.1", "2001:db8::1"), ("ipv6", "fe80::1%eth0", "192.0.2.1")],
)
def test_an_address_of_the_other_family_is_no_question_of_dns(
    family: str, right: str, wrong: str
) -> None:
    assert problems({"id": "a", "host": right, "port": 1}, family=family) == []
    assert problems({"id": "a", "host": wrong, "port": 1}, family=family) == [
        f"target a, host: '{wrong}' is no address of the family {family}, which is asked for"
    ]
    with pytest.raises(InputError, match="nothing was sent"):
        parse_targets([{"id": "a", "host": wrong, "port": 1}], family)


def test_the_token_is_not_shown() -> None:
    (target,) = parse_targets(
        [{"id": "a", "host": "a.example", "port": 1, "service": "token", "token": "secret-secret"}]
    )

    assert "secret" not in repr(target)
