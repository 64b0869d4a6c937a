# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table names passes; what it does not name is stopped on the workstation only."""

from __future__ import annotations

import pytest

from lab import firm_flows, verifying


@pytest.mark.parametrize("host", ["workstation", "server"])
def test_every_flow_of_the_table_passes(host: str) -> None:
    firm_flows.mail(host)
    firm_flows.database(host, "datacentre")


def test_what_no_flow_names_passes_where_nothing_is_denied() -> None:
    with verifying.listening("server", [9999]):
        assert verifying.connect("admin", "server", 9999) == "open"
    assert verifying.connect("server", "update", 22) == "open"


def test_what_no_flow_names_is_stopped_where_it_is_denied() -> None:
    with verifying.listening("workstation", [9999]):
        assert verifying.connect("admin", "workstation", 9999) == "timeout"
    # A client of the data centre neither updates itself nor asks for licences.
    assert verifying.connect("workstation", "update", 22) == "timeout"
