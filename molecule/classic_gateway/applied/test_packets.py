# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vendor's table names passes the gateway; everything else is the administrator's."""

from __future__ import annotations

from lab import firm_flows, verifying


def test_every_flow_of_the_table_passes() -> None:
    for host in ("server", "workstation"):
        firm_flows.classic(host)


def test_what_no_flow_names_is_dropped_by_the_administrator() -> None:
    with verifying.listening("outsider", [9999]):
        assert verifying.connect("server", "outsider", 9999) == "timeout"


def test_nobody_comes_in_and_the_gateway_itself_is_not_touched() -> None:
    with verifying.listening("server", [19813], verifying.IPV6):
        assert verifying.connect("outsider", "server", 19813, verifying.IPV6) == "timeout"
    with verifying.listening("gateway", [9999]), verifying.listening("outsider", [9999]):
        assert verifying.connect("workstation", "gateway", 9999) == "open"
        assert verifying.connect("gateway", "outsider", 9999) == "open"
