# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With a default of deny our own policy stops what no flow names, and nothing else."""

from __future__ import annotations

from lab import firm_flows, verifying


def test_every_flow_of_the_table_passes() -> None:
    firm_flows.classic("server")


def test_what_no_flow_names_is_denied_in_both_directions() -> None:
    assert "policy accept" in verifying.lab_host("gateway").sh(
        "nft list chain inet firm_filter forward"
    )
    with verifying.listening("outsider", [9999]):
        assert verifying.connect("server", "outsider", 9999) == "timeout"
    with verifying.listening("server", [19813], verifying.IPV6):
        assert verifying.connect("outsider", "server", 19813, verifying.IPV6) == "timeout"


def test_the_gateway_itself_is_not_touched() -> None:
    with verifying.listening("gateway", [9999]), verifying.listening("outsider", [9999]):
        assert verifying.connect("workstation", "gateway", 9999) == "open"
        assert verifying.connect("gateway", "outsider", 9999) == "open"
