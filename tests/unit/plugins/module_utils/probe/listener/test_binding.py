# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening sockets: what is listening, in use and denied."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.binding import (
    as_result,
    open_place,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.options import (
    Place,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.processes import (
    Process,
    holders_of,
)

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def opened(place: Place) -> tuple[list[tuple[int, str]], dict[str, Any]]:
    sockets, verdict = open_place(place)
    shown = [(int(item.sock.family), str(item.sock.getsockname()[0])) for item in sockets]
    for item in sockets:
        item.sock.close()
    return shown, as_result(place, verdict)


def free_port(protocol: str) -> int:
    with socket.socket(socket.AF_INET, KINDS[protocol]) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_an_address_is_listened_on(protocol: str) -> None:
    shown, result = opened(Place("a", "127.0.0.1", free_port(protocol), protocol))

    assert shown == [(socket.AF_INET, "127.0.0.1")]
    assert (result["verdict"], result["status"], result["process"]) == ("listening", "pass", None)


def test_any_address_means_one_socket_per_family() -> None:
    shown, _result = opened(Place("a", "", free_port("udp"), "udp"))

    assert shown[0] == (socket.AF_INET, "0.0.0.0")
    assert all(family == socket.AF_INET6 for family, _address in shown[1:])


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_port_in_use_names_its_process(protocol: str) -> None:
    with socket.socket(socket.AF_INET, KINDS[protocol]) as other:
        other.bind(("127.0.0.1", 0))
        if protocol == "tcp":
            other.listen()
        port = other.getsockname()[1]

        shown, result = opened(Place("a", "127.0.0.1", port, protocol))

    assert shown == []
    assert (result["verdict"], result["status"]) == ("in_use", "warn")
    assert result["process"]["pid"] == os.getpid()
    assert f"(pid {os.getpid()})" in result["fix"]


def test_half_a_pair_in_use_leaves_no_socket_open() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind(("::", 0))
        port = other.getsockname()[1]

        shown, result = opened(Place("a", "", port, "udp"))
        assert (shown, result["verdict"]) == ([], "in_use")

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("0.0.0.0", port))


def test_an_address_of_another_host_is_denied() -> None:
    shown, result = opened(Place("a", "192.0.2.1", free_port("tcp"), "tcp"))

    assert shown == []
    assert (result["verdict"], result["status"]) == ("denied", "fail")
    assert "192.0.2.1 is none" in result["fix"]


def test_the_holder_of_a_port_is_found_in_proc_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "self/net").mkdir(parents=True)
    (tmp_path / "self/net/tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid t inode\n"
        "   0: 00000000:4D65 00000000:0000 0A 0:0 00:0 0 0 0 111 1\n"
        "   1: 0100007F:4D65 0100007F:9999 01 0:0 00:0 0 0 0 222 1\n"
        "   2: 00000000:0016 00000000:0000 0A 0:0 00:0 0 0 0 333 1\n"
    )
    for pid, inode in (("10", "111"), ("11", "222"), ("12", "333")):
        (tmp_path / pid / "fd").mkdir(parents=True)
        (tmp_path / pid / "fd/5").symlink_to(f"socket:[{inode}]")
        (tmp_path / pid / "comm").write_text(f"program{pid}\n")

    assert holders_of("tcp", 19813, str(tmp_path)) == [Process(10, "program10")]
    assert holders_of("tcp", 80, str(tmp_path)) == []
