# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""flow_probe on a real kernel: every kind of refusal in each place, and how long it takes."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Iterator

import pytest
from integration_lab.flow_hosts import CLIENT, ROUTER, SERVER, SERVER6, Firm, Probed, chain

OPEN = 22


@pytest.fixture(scope="module")
def firm() -> Iterator[Firm]:
    with contextlib.closing(Firm()) as made:
        made.serve(f"{OPEN}/silent")
        yield made


@pytest.fixture(autouse=True)
def open_firewalls(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "firm" in request.fixturenames and "walls" not in request.fixturenames:
        request.getfixturevalue("firm").reset()


# -- one firewall in each place, every kind of refusal at once

FORWARD = (
    "tcp dport 1001 drop",
    "tcp dport 1002 reject with icmpx admin-prohibited",
    "tcp dport 1003 reject with tcp reset",
    "tcp dport 1004 reject with icmpx host-unreachable",
    "tcp dport 1005 reject",
    "udp dport 1001 drop",
    "udp dport 1002 reject with icmpx admin-prohibited",
    "udp dport 1003 reject",
)
OUTPUT = (
    "tcp dport 1006 drop",
    "tcp dport 1007 reject",
    "tcp dport 1008 reject with tcp reset",
    "udp dport 1006 drop",
    "udp dport 1007 reject",
)
INPUT = ("tcp dport 1009 reject", "tcp dport 1010 drop")

WALLS = {
    # name of the case: verdict, status, confidence as root; the same without; a part of the fix
    "tcp 22": (("open", "pass", "high"), ("open", "pass", "high"), ""),
    "tcp 1000": (
        ("refused", "warn", "high"),
        ("refused", "fail", "low"),
        "service listens on TCP port 1000|so that it listens on TCP port 1000",
    ),
    "tcp 1001": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "medium"),
        "Allow outbound TCP port 1001 from this host to {host}",
    ),
    "tcp 1002": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "high"),
        "on the firewall {router}, which rejects it",
    ),
    "tcp 1003": (
        ("refused", "fail", "high"),
        ("refused", "fail", "low"),
        "it refuses in the name of the far end|allow the port outbound",
    ),
    "tcp 1004": (
        ("no_route", "fail", "high"),
        ("no_route", "fail", "high"),
        "missing route on the router {router}",
    ),
    "tcp 1005": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "high"),
        "on the firewall {router}, which rejects it",
    ),
    "tcp 1006": (
        ("blocked_locally", "fail", "high"),
        ("filtered", "fail", "medium"),
        "in this host's own firewall (output)|Allow outbound TCP port 1006",
    ),
    "tcp 1007": (
        ("blocked_locally", "fail", "high"),
        ("blocked_locally", "fail", "high"),
        "in this host's own firewall (output)",
    ),
    "tcp 1008": (
        ("blocked_locally", "fail", "high"),
        ("refused", "fail", "low"),
        "in this host's own firewall (output)|allow the port outbound",
    ),
    "tcp 1009": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "high"),
        "Allow inbound TCP port 1009 from {client} on {host}",
    ),
    "tcp 1010": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "medium"),
        "and inbound on that host",
    ),
    "udp 1000": (
        ("refused", "warn", "medium"),
        ("refused", "warn", "medium"),
        "so that it listens on UDP port 1000",
    ),
    "udp 1001": (
        ("no_answer", "fail", "low"),
        ("no_answer", "fail", "low"),
        "prove it with flow_listener",
    ),
    "udp 1002": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "high"),
        "on the firewall {router}, which rejects it",
    ),
    "udp 1003": (
        ("filtered", "fail", "high"),
        ("filtered", "fail", "high"),
        "on the firewall {router}, which rejects it",
    ),
    "udp 1006": (
        ("blocked_locally", "fail", "high"),
        ("blocked_locally", "fail", "high"),
        "in this host's own firewall (output)",
    ),
    "udp 1007": (
        ("blocked_locally", "fail", "high"),
        ("blocked_locally", "fail", "high"),
        "in this host's own firewall (output)",
    ),
}
FAMILIES = {
    "IPv4": {"host": SERVER, "router": ROUTER, "client": CLIENT},
    "IPv6": {"host": SERVER6, "router": "fd71::1", "client": "fd71::2"},
}


@pytest.fixture(scope="module")
def walls(firm: Firm) -> Iterator[dict[tuple[str, str], Probed]]:
    firm.router.nft(chain("forward", *FORWARD))
    firm.client.nft(chain("output", *OUTPUT))
    firm.server.nft(chain("input", *INPUT))
    runs = {}
    for family, names in FAMILIES.items():
        targets = [
            {"id": case, "host": names["host"], "protocol": case[:3], "port": int(case[4:])}
            for case in WALLS
        ]
        runs[family, "root"] = firm.client.probe(*targets)
        runs[family, "not root"] = firm.client.probe(*targets, root=False)
    yield runs
    firm.reset()


@pytest.mark.parametrize("case", WALLS)
@pytest.mark.parametrize("right", ["root", "not root"])
@pytest.mark.parametrize("family", FAMILIES)
def test_each_wall_has_its_verdict_and_fix(
    walls: dict[tuple[str, str], Probed], family: str, right: str, case: str
) -> None:
    as_root, otherwise, fix = WALLS[case]
    run = walls[family, right]
    expected = fix.split("|")[-1 if right == "not root" else 0]
    if case == "tcp 1000":
        expected = fix.split("|")[0 if right == "not root" else 1]

    assert run.short(case) == (as_root if right == "root" else otherwise)
    assert expected.format(**FAMILIES[family]) in run[case]["fix"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_evidence_names_sender_code_and_ttl(
    walls: dict[tuple[str, str], Probed], family: str
) -> None:
    run, names = walls[family, "root"], FAMILIES[family]
    prohibited = "ICMP 3/13" if family == "IPv4" else "ICMPv6 1/1"

    assert f"{prohibited} (communication administratively prohibited) from {names['router']}" in (
        run.values("tcp 1002")
    )
    assert "TTL of RST: 63; TTL of SYN-ACK from other ports: [63]" in run.values("tcp 1000")
    assert "TTL of RST: 64" in run.values("tcp 1003")
    assert "SYN: left this host" in run.values("tcp 1001")
    assert "SYN: did not leave this host" in run.values("tcp 1006")
    assert "the far end itself" in run.values("tcp 1009")


def test_without_the_packet_socket_the_evidence_says_so(
    walls: dict[tuple[str, str], Probed],
) -> None:
    run = walls["IPv4", "not root"]

    for case in ("tcp 1000", "tcp 1001", "tcp 1006"):
        assert "run as root" in run.values(case)


def test_the_round_trip_is_the_kernels_and_given_for_answers_only(
    walls: dict[tuple[str, str], Probed],
) -> None:
    run = walls["IPv4", "root"]

    assert 0 < run["tcp 22"]["rtt_ms"] < 100
    assert run["tcp 1000"]["rtt_ms"] is not None
    assert run["tcp 1001"]["rtt_ms"] is None
    assert run["tcp 1005"]["rtt_ms"] is None


# -- how long it takes


@pytest.mark.parametrize(("count", "budget"), [(200, 1.0), (1000, 1.0)])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_many_filtered_targets_take_one_timeout(
    firm: Firm, count: int, budget: float, protocol: str
) -> None:
    firm.router.nft(chain("forward", "drop"))
    targets = [
        {"id": str(port), "host": SERVER, "port": port, "protocol": protocol}
        for port in range(1, count + 1)
    ]
    timeout = 1.5
    run = firm.client.probe(*targets, timeout=timeout)
    print(f"{count} {protocol}: {run.wall:.3f} s wall, {run.cpu:.3f} s CPU")

    assert run.wall <= timeout + budget
    verdicts = collections.Counter(result["verdict"] for result in run.results.values())
    assert verdicts == {"filtered" if protocol == "tcp" else "no_answer": count}
