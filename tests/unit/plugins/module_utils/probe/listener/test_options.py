# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of flow_listener: what is accepted, and that every mistake is named at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.options import (
    Place,
    input_problems,
    parse_settings,
)

TOKEN = "long enough"


def problems(**params: Any) -> list[str]:
    given = {"token": TOKEN, "listeners": [{"id": "a", "port": 1}], **params}
    return [str(problem) for problem in input_problems(given)]


def test_the_defaults() -> None:
    settings = parse_settings({"token": TOKEN, "listeners": [{"id": "a", "port": "21"}]})

    assert settings.places == (Place("a", "", 21, "tcp"),)
    assert (settings.name, settings.ttl, settings.peers) == ("default", 300, ())


@pytest.mark.parametrize("address", ["", "::", None])
def test_any_address_has_one_spelling(address: str | None) -> None:
    place = {"id": "a", "port": 1, "address": address}
    settings = parse_settings({"token": TOKEN, "listeners": [place]})

    assert settings.places[0].address == ""


def test_stopped_needs_a_name_only() -> None:
    assert input_problems({"state": "stopped", "name": "a"}) == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"token": "short"}, "token: a token of at least 8 characters is needed"),
        ({"ttl": 0}, "ttl: 0 is not within 1 to 86400 seconds"),
        ({"ttl": "soon"}, "ttl: 'soon' is not a whole number of seconds"),
        ({"state": "on"}, "state: 'on' is not one of started, stopped, queried"),
        ({"listeners": []}, "listeners: the list is empty, name at least one listener"),
        (
            {"peers": ["192.0.2.5/24"]},
            "peer 192.0.2.5/24: '192.0.2.5/24' has bits set to the right of its prefix, write"
            " 192.0.2.0/24 or one address",
        ),
        (
            {"listeners": [{"id": "a", "port": 70000}]},
            "listener a, port: port 70000 is not within 1 to 65535",
        ),
        (
            {"listeners": [{"id": "a", "port": 1, "address": "here"}]},
            "listener a, address: 'here' is not an address of this host",
        ),
        (
            {"listeners": [{"id": "a", "port": 1, "protocol": "sctp"}]},
            "listener a, protocol: 'sctp' is not one of tcp, udp",
        ),
        (
            {"listeners": [{"id": "a", "port": 1}, {"id": "b", "port": 1}]},
            "listener a, b, port: any address tcp/1 is named more than once",
        ),
        ({"listeners": ["a"]}, "listener number 1: 'a' is not a mapping with id, port, protocol"),
    ],
)
def test_one_mistake_is_named(params: dict[str, Any], expected: str) -> None:
    assert problems(**params) == [expected]


def test_a_name_that_could_leave_the_folder_is_refused() -> None:
    (found,) = problems(name="../etc")

    assert found.startswith("name: ")


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_settings(
            {"ttl": 0, "listeners": [{"id": "a", "port": 0}, {"id": "a"}], "peers": "x y"}
        )

    assert [problem.where for problem in caught.value.problems] == [
        "ttl",
        "listener a, port",
        "listener a, port",
        "listener a, id",
        "peer x y",
        "token",
    ]


def test_the_digest_changes_with_everything_but_the_time_and_hides_the_token() -> None:
    base = {"token": TOKEN, "listeners": [{"id": "a", "port": 1}]}
    digest = parse_settings(base).digest()

    assert parse_settings({**base, "ttl": 9}).digest() == digest
    for change in (
        {"token": "another token"},
        {"peers": ["192.0.2.0/24"]},
        {"listeners": [{"id": "a", "port": 2}]},
        {"name": "other"},
    ):
        assert parse_settings({**base, **change}).digest() != digest
    assert TOKEN not in digest
    assert TOKEN not in repr(parse_settings(base))
