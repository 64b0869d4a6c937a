# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From facts to verdicts, as a table: no packet is sent here."""

from __future__ import annotations

import dataclasses
import errno
import socket
from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import Evidence
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.attempt import (
    ACCEPTED,
    ANSWERED,
    FAILED,
    NOT_SENT,
    TIMED_OUT,
    Attempt,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.icmp import IcmpError
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.judge import (
    Neighbourhood,
    judge,
    neighbourhood,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.resolve import Address
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.route import (
    BROADCAST,
    LOCAL,
    NONE,
    UNICAST,
    Route,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.stream import Answer
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.target import Target
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.witness import Seen

PEER = "198.51.100.7"
OWN = "192.0.2.5"
BOX = "192.0.2.1"
PLACE = (PEER, 21)
VIA_GATEWAY = Route(UNICAST, gateway=BOX, interface="eth0", interface_index=2)
DIRECT = Route(UNICAST, interface="eth0", interface_index=2)
ALONE = Neighbourhood()


def attempt(service: str = "none", protocol: str = "tcp", **facts: Any) -> Attempt:
    target = Target("t", PEER, 21, protocol, service)
    made = Attempt(target, Address(socket.AF_INET, PEER), local=OWN, route=VIA_GATEWAY)
    return dataclasses.replace(made, **facts)


def seen(**facts: Any) -> Seen:
    return Seen(**{"left_for": [PLACE], **facts})


def error(kind: int, code: int, source: str = BOX) -> IcmpError:
    return IcmpError(4, kind, code, source)


REFUSED: dict[str, Any] = {"outcome": FAILED, "errno": errno.ECONNREFUSED}
SILENT: dict[str, Any] = {"outcome": TIMED_OUT}
UNREACHABLE: dict[str, Any] = {"outcome": FAILED, "errno": errno.EHOSTUNREACH}
OPEN63 = Neighbourhood(accept_ttls=(63,), answered=True)


@pytest.mark.parametrize(
    ("facts", "around", "row"),
    [
        # A reset answers the SYN: whose is it?
        ({**REFUSED, "seen": seen(reset_ttl=63)}, OPEN63, "refused_by_peer"),
        ({**REFUSED, "seen": seen(reset_ttl=64)}, OPEN63, "refused_by_box"),
        ({**REFUSED, "seen": seen(reset_ttl=63)}, ALONE, "refused"),
        ({**REFUSED, "seen": seen()}, OPEN63, "refused"),
        ({**REFUSED, "seen": None}, OPEN63, "refused"),
        (
            {**REFUSED, "seen": seen(reset_ttl=64)},
            Neighbourhood(accept_ttls=(63, 64), answered=True),
            "refused",
        ),
        ({**REFUSED, "seen": Seen(reset_ttl=64)}, OPEN63, "blocked_locally"),
        ({**REFUSED, "seen": Seen(), "witness_missed": True}, OPEN63, "refused"),
        ({**REFUSED, "seen": seen(), "route": Route(LOCAL)}, ALONE, "refused_by_this_host"),
        # Silence.
        ({**SILENT, "seen": seen()}, ALONE, "filtered"),
        ({**SILENT, "seen": seen()}, OPEN63, "filtered_alive"),
        ({**SILENT, "seen": seen(accept_ttl=63)}, OPEN63, "blocked_locally_answer"),
        ({**SILENT, "seen": None}, ALONE, "filtered"),
        ({**SILENT, "seen": Seen()}, ALONE, "blocked_locally"),
        ({**SILENT, "seen": Seen(), "witness_missed": True}, ALONE, "filtered"),
        ({**SILENT, "seen": Seen(), "neighbour_silent": BOX}, ALONE, "no_route_neighbour"),
        ({**SILENT, "seen": seen(), "route": Route(LOCAL)}, ALONE, "blocked_locally_in"),
        (
            {**SILENT, "seen": seen()},
            Neighbourhood(unreachable=error(3, 1)),
            "no_route_shared",
        ),
        ({"outcome": FAILED, "errno": errno.ETIMEDOUT, "seen": seen()}, ALONE, "filtered"),
        # ICMP errors, by what they say and who sent them.
        ({**UNREACHABLE, "icmp": error(3, 13)}, ALONE, "filtered_by_box"),
        ({**UNREACHABLE, "icmp": error(3, 10)}, ALONE, "filtered_by_box"),
        ({**UNREACHABLE, "icmp": error(3, 13, PEER)}, ALONE, "filtered_by_peer"),
        ({**REFUSED, "icmp": error(3, 3)}, ALONE, "filtered_by_box"),
        ({**REFUSED, "icmp": error(3, 3, PEER)}, ALONE, "filtered_by_peer"),
        ({**UNREACHABLE, "icmp": error(3, 0)}, ALONE, "no_route_beyond"),
        ({**UNREACHABLE, "icmp": error(3, 1)}, ALONE, "no_route_beyond"),
        ({**UNREACHABLE, "icmp": error(11, 0)}, ALONE, "no_route_loop"),
        ({**UNREACHABLE, "icmp": error(3, 13, OWN)}, ALONE, "blocked_locally"),
        ({**UNREACHABLE, "icmp": error(3, 1, OWN)}, ALONE, "no_route_here"),
        (
            {**UNREACHABLE, "icmp": error(3, 1, OWN), "neighbour_silent": PEER},
            ALONE,
            "no_route_neighbour",
        ),
        ({**SILENT, "icmp": error(3, 13), "seen": seen()}, ALONE, "filtered_by_box"),
        (
            {**UNREACHABLE, "icmp": error(3, 13, PEER), "route": Route(LOCAL)},
            ALONE,
            "blocked_locally_in",
        ),
        # An error without its ICMP packet (Linux before 5.18, not root).
        ({**UNREACHABLE, "seen": None}, ALONE, "no_route_beyond"),
        ({"outcome": FAILED, "errno": errno.EACCES, "seen": None}, ALONE, "filtered_by_box"),
        ({"outcome": FAILED, "errno": errno.EPROTO}, ALONE, "error"),
        # Nothing was sent.
        ({"outcome": NOT_SENT, "errno": errno.EPERM}, ALONE, "blocked_locally"),
        ({"outcome": NOT_SENT, "errno": errno.EACCES}, ALONE, "blocked_locally"),
        (
            {"outcome": NOT_SENT, "errno": errno.EACCES, "route": Route(NONE, reason="prohibit")},
            ALONE,
            "no_route_here",
        ),
        ({"outcome": NOT_SENT, "errno": errno.ENETUNREACH}, ALONE, "no_route_here"),
        ({"outcome": NOT_SENT, "errno": errno.EMFILE}, ALONE, "error"),
    ],
)
def test_tcp_handshakes(facts: dict[str, Any], around: Neighbourhood, row: str) -> None:
    assert judge(attempt(**facts), around).row == row


@pytest.mark.parametrize(
    ("service", "facts", "row"),
    [
        ("ftp", {"answer": Answer("open")}, "open"),
        ("ftp", {}, "silent"),
        ("4d", {}, "4d_accepts"),
        ("ftp", {"unacknowledged": True}, "filtered_after_accept"),
        ("4d", {"unacknowledged": True}, "filtered_after_accept"),
        ("http", {"broken_by_reset": True, "seen": seen(accept_ttl=63, reset_ttl=63)}, "closed"),
        (
            "http",
            {"broken_by_reset": True, "seen": seen(accept_ttl=63, reset_ttl=64)},
            "reset_by_box",
        ),
        ("4d", {"broken_by_reset": True, "seen": seen(accept_ttl=63, reset_ttl=63)}, "4d_closes"),
        (
            "4d",
            {"broken_by_reset": True, "seen": seen(accept_ttl=63, reset_ttl=64)},
            "reset_by_box",
        ),
        ("token", {"broken_by_reset": True, "seen": None}, "token_unanswered"),
        ("none", {"broken_by_reset": True, "seen": None}, "open"),
        ("http", {"broken_by_reset": True, "seen": None}, "closed"),
    ],
)
def test_dialogues(service: str, facts: dict[str, Any], row: str) -> None:
    assert judge(attempt(service, outcome=ACCEPTED, rtt_ms=1.5, **facts), ALONE).row == row


@pytest.mark.parametrize(
    ("service", "facts", "row"),
    [
        ("quic", {"outcome": ANSWERED, "answer": Answer("open"), "rtt_ms": 2.0}, "open"),
        ("quic", {"outcome": TIMED_OUT}, "no_answer"),
        ("token", {"outcome": TIMED_OUT}, "no_answer"),
        ("none", {"outcome": TIMED_OUT}, "no_answer_expected"),
        ("quic", {**REFUSED, "icmp": error(3, 3, PEER)}, "refused_udp"),
        ("quic", {**REFUSED, "icmp": error(3, 3)}, "filtered_by_box"),
        ("quic", {**UNREACHABLE, "icmp": error(3, 13)}, "filtered_by_box"),
        ("quic", {**UNREACHABLE, "icmp": error(3, 1)}, "no_route_beyond"),
        ("quic", {**REFUSED, "icmp": error(3, 3, OWN)}, "blocked_locally"),
        (
            "quic",
            {**REFUSED, "icmp": error(3, 3, PEER), "route": Route(LOCAL)},
            "refused_by_this_host",
        ),
        ("none", {"outcome": NOT_SENT, "errno": errno.EPERM}, "blocked_locally"),
        (
            "token",
            {"outcome": NOT_SENT, "errno": errno.EPERM, "route": Route(BROADCAST)},
            "blocked_locally",
        ),
    ],
)
def test_datagrams(service: str, facts: dict[str, Any], row: str) -> None:
    assert judge(attempt(service, "udp", **facts), ALONE).row == row


def values(found: Any) -> dict[str, Any]:
    return {item.what: item.value for item in found.evidence}


def test_the_evidence_names_the_icmp_error_and_its_sender() -> None:
    found = judge(attempt(**UNREACHABLE, icmp=error(3, 13)), ALONE)

    assert values(found)["ICMP error"] == (
        f"ICMP 3/13 (communication administratively prohibited) from {BOX}"
    )
    assert values(found)["sender of the error"] == "a box in between"
    assert dict(found.words)["source"] == BOX


def test_without_the_packet_socket_the_evidence_says_what_is_missing() -> None:
    found = judge(attempt(**SILENT, seen=None), ALONE)

    assert "run as root" in values(found)["packet socket"]


def test_a_local_dnat_is_not_taken_for_a_block_and_is_shown() -> None:
    found = judge(attempt(**SILENT, seen=seen(left_for=[("203.0.113.9", 8021)])), ALONE)

    assert found.row == "filtered"
    assert values(found)["destination rewritten here (DNAT)"] == ["203.0.113.9 port 8021"]


def test_a_whole_ttl_behind_a_gateway_is_a_hint_to_a_box() -> None:
    behind = judge(attempt(**REFUSED, seen=seen(reset_ttl=64)), ALONE)
    direct = judge(attempt(**REFUSED, seen=seen(reset_ttl=64), route=DIRECT), ALONE)

    assert "hops of the RST" in values(behind)
    assert "hops of the RST" not in values(direct)


def test_different_ttls_of_open_ports_are_shown() -> None:
    around = Neighbourhood(accept_ttls=(63, 64), answered=True)
    made = attempt(outcome=ACCEPTED, answer=Answer("open"), seen=seen(accept_ttl=64))

    assert values(judge(made, around))["TTL of SYN-ACK from other ports"] == [63]


def test_the_words_of_the_answer_are_kept() -> None:
    answer = Answer("wrong_protocol", (Evidence("a", "b", "c"),), (("spoken", "SSH"),))

    found = judge(attempt(outcome=ACCEPTED, answer=answer), ALONE)

    assert found.words == (("spoken", "SSH"),)
    assert found.evidence[-1] == Evidence("a", "b", "c")


def test_what_was_heard_before_a_silence_is_shown_without_control_bytes() -> None:
    found = judge(attempt("ftp", outcome=ACCEPTED, heard=b"220\x1b[2J"), ALONE)

    assert values(found)["incomplete answer"] == "220\\x1b[2J"


def test_the_neighbourhood_collects_ttls_errors_and_signs_of_life() -> None:
    around = neighbourhood(
        [
            attempt(outcome=ACCEPTED, seen=seen(accept_ttl=63)),
            attempt(**UNREACHABLE, icmp=error(3, 13)),
            attempt(**SILENT, seen=seen()),
        ]
    )

    assert around.accept_ttls == (63,)
    assert around.answered
    assert around.rejected == error(3, 13)


def test_unreachable_for_one_port_is_not_for_all_when_the_host_answers() -> None:
    lost = attempt(**UNREACHABLE, icmp=error(3, 1))

    assert neighbourhood([lost]).unreachable == error(3, 1)
    assert neighbourhood([lost, attempt(outcome=ACCEPTED)]).unreachable is None
