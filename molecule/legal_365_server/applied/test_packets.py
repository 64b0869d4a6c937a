# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table names passes; what it does not name is stopped in the data centre only."""

from __future__ import annotations

import pytest

from lab import firm_flows, verifying

HOSTS = ("datacentre", "outsider")


@pytest.mark.parametrize("host", HOSTS)
def test_every_outbound_flow_of_the_table_passes(host: str) -> None:
    firm_flows.classic(host)
    firm_flows.database(host, "licence")


@pytest.mark.parametrize("host", HOSTS)
def test_clients_come_in_from_behind_a_gateway(host: str) -> None:
    with verifying.listening(host, firm_flows.DATABASE):
        for port in firm_flows.DATABASE:
            assert verifying.connect("workstation", host, port) == "open"
    assert verifying.udp_answer("workstation", host, 19813)


def test_what_no_flow_names_passes_where_nothing_is_denied() -> None:
    with verifying.listening("update", [9999]), verifying.listening("outsider", [9999]):
        assert verifying.connect("outsider", "update", 9999) == "open"
        assert verifying.connect("workstation", "outsider", 9999) == "open"


def test_what_no_flow_names_is_stopped_where_it_is_denied() -> None:
    with verifying.listening("update", [9999]), verifying.listening("datacentre", [9999]):
        assert verifying.connect("datacentre", "update", 9999) == "timeout"
        assert verifying.connect("workstation", "datacentre", 9999) == "timeout"


def test_the_announcement_is_blocked_and_quic_on_the_same_port_is_not() -> None:
    assert verifying.announcement_heard("datacentre", "admin", "203.0.113.255", 19813)
    assert not verifying.announcement_heard("outsider", "admin", "203.0.113.255", 19813)
    assert verifying.quic_answers("outsider", "licence", 19813)
