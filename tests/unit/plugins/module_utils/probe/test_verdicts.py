# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of verdicts: every row leads to a usable result."""

from __future__ import annotations

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    HIGH,
    LOW,
    MEDIUM,
    NONE,
    PASS,
    WARN,
    Evidence,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.conclude import (
    make_verdict,
    rank,
    words_of,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.verdicts import NAMES, ROWS

# What the maker of a row adds to the words that every target has.
OWN_WORDS = {
    "open_elsewhere": {"failed"},
    "tls_unverified": {"pin"},
    "tls_known_inspector_trusted": {"issuer"},
    "tls_known_inspector": {"issuer"},
    "tls_pin_differs": {"issuer"},
    "tls_alert": {"alert"},
    "service_refuses": {"said"},
    "proxy_login": {"said"},
    "proxy_page": {"said"},
    "wrong_protocol": {"spoken"},
    "filtered_by_box": {"source"},
    "no_route_here": {"reason"},
    "no_route_neighbour": {"neighbour", "question"},
    "no_route_beyond": {"source"},
    "no_route_shared": {"source"},
    "no_route_loop": {"source"},
    "dns_silent": {"servers"},
}
COMMON_WORDS = {"protocol", "port", "host", "service", "address", "local"}


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_row_has_a_known_name_status_and_confidence(row: str) -> None:
    entry = ROWS[row]

    assert entry.name in NAMES
    assert entry.status in (PASS, WARN, FAIL, NONE)
    assert entry.confidence in (HIGH, MEDIUM, LOW)


@pytest.mark.parametrize("row", [row for row in sorted(ROWS) if ROWS[row].status in (WARN, FAIL)])
def test_what_is_not_well_has_one_sentence_with_protocol_port_place_and_direction(row: str) -> None:
    fix = ROWS[row].fix

    assert {"protocol", "port"} <= set(words_of(row))
    assert {"address", "host", "failed"} & set(words_of(row))
    assert "outbound" in fix.lower() or "inbound" in fix.lower()
    assert fix.endswith(".")
    assert fix.count(". ") == 0


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_fix_uses_only_words_that_are_there(row: str) -> None:
    assert set(words_of(row)) <= COMMON_WORDS | OWN_WORDS.get(row, set())


def test_every_verdict_of_the_contract_has_a_row() -> None:
    assert {entry.name for entry in ROWS.values()} == set(NAMES)


def test_without_the_packet_socket_the_confidence_is_one_step_lower_where_it_matters() -> None:
    words = {"protocol": "TCP", "port": 1, "address": "192.0.2.1"}

    assert make_verdict("filtered_alive", (), words, witnessed=False).confidence == MEDIUM
    assert make_verdict("refused", (), words, witnessed=False).confidence == LOW
    assert make_verdict("open", (), words, witnessed=False).confidence == HIGH


def test_a_verdict_carries_evidence_and_a_filled_in_fix() -> None:
    evidence = (Evidence("a", "b", "c"),)
    words = {"protocol": "TCP", "port": 21, "address": "a.example (192.0.2.1)"}

    verdict = make_verdict("blocked_locally", evidence, words)

    assert verdict.as_dict() == {
        "verdict": "blocked_locally",
        "status": "fail",
        "confidence": "high",
        "evidence": [{"what": "a", "value": "b", "source": "c"}],
        "fix": "Allow outbound TCP port 21 to a.example (192.0.2.1) in this host's own firewall"
        " (output): the packet never left.",
    }


def test_open_is_the_best_and_a_missing_route_the_worst_of_several_addresses() -> None:
    rows = ["no_route_here", "filtered", "refused", "wrong_protocol", "open"]

    assert sorted(rows, key=rank) == list(reversed(rows))
