# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port forwards that iptables wrote: nft does not show where they lead, so they are never called
missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from integration_lab.foreign_programs import HOST, TOPOLOGY
from integration_lab.lab_host import LabHost

from lab import Lab
from lab.root import CAPTURE_ROOTS

pytestmark = pytest.mark.lab

POLICY: dict[str, Any] = {
    "name": "p",
    "enforcement": "gateway",
    "interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
    "flows": [
        {
            "id": "db_in",
            "direction": "inbound",
            "protocol": "tcp",
            "ports": [19812],
            "hosts": ["10.77.0.20"],
        },
        {
            "id": "out",
            "direction": "outbound",
            "protocol": "tcp",
            "ports": [443],
            "hosts": ["10.77.0.0/24"],
        },
    ],
}


@pytest.fixture
def gateway() -> Iterator[LabHost]:
    with Lab(TOPOLOGY, root=CAPTURE_ROOTS["bookworm"]) as lab:
        yield LabHost(lab[HOST])


@pytest.mark.parametrize(
    ("program", "source"),
    [
        ("iptables", "rule 2 of table ip nat, chain PREROUTING"),
        ("iptables-legacy", "the rules of iptables-legacy"),
    ],
)
def test_what_iptables_wrote_is_not_called_missing(
    gateway: LabHost, program: str, source: str
) -> None:
    forward = ("-i", "wan0", "-p", "tcp", "--dport", "19812", "-j", "DNAT", "--to", "10.77.0.20")
    gateway.run(program, "-t", "nat", "-A", "PREROUTING", *forward)
    gateway.run(program, "-t", "nat", "-A", "POSTROUTING", "-o", "wan0", "-j", "MASQUERADE")
    (warning,) = gateway.audit(POLICY)["warnings"]
    assert "whether tcp port 19812 that arrives on wan0 is forwarded to 10.77.0.20" in warning
    assert f"could not be read from {source}" in warning
    assert "If it is not: NAT is never written here" in warning


def test_without_any_nat_both_are_missing(gateway: LabHost) -> None:
    warnings = gateway.audit(POLICY)["warnings"]
    assert [text.partition(" of this gateway")[0] for text in warnings] == [
        "p/db_in: no NAT rule",
        "p: no NAT rule",
    ]
