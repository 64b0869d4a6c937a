# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vendor's table names passes; what it does not name is stopped on the server only."""

from __future__ import annotations

import pytest

from lab import firm_flows, verifying


@pytest.mark.parametrize("host", ["server", "workstation"])
def test_every_flow_of_the_table_passes(host: str) -> None:
    firm_flows.classic(host)


def test_what_no_flow_names_leaves_the_workstation_but_not_the_server() -> None:
    with verifying.listening("outsider", [9999]):
        assert verifying.connect("workstation", "outsider", 9999) == "open"
        assert verifying.connect("server", "outsider", 9999) == "timeout"


def test_clients_reach_the_database_and_nothing_else_on_the_server() -> None:
    with verifying.listening("server", [19812, 19813, 19814, 9999]):
        for port in (19812, 19813, 19814):
            assert verifying.connect("workstation", "server", port) == "open"
        assert verifying.connect("workstation", "server", 9999) == "timeout"
    assert verifying.udp_answer("workstation", "server", 19813)
    assert not verifying.udp_answer("workstation", "server", 9999)


def test_the_announcement_is_heard_from_the_server_and_blocked_on_the_workstation() -> None:
    assert verifying.announcement_heard("server", "admin", "10.77.0.255", 19813)
    assert not verifying.announcement_heard("workstation", "admin", "10.77.0.255", 19813)
    # The same port, not broadcast: QUIC needs it.
    assert verifying.udp_answer("workstation", "admin", 19813)
