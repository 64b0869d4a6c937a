# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vendor's table names passes; what it does not name is stopped on the server only."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.pattern import Pattern
from lab import verifying

SIZE = 8 << 20
HOSTS = ("server", "workstation")
PACKAGE = "ftp://update.vendor.test/timesensor-test-package.bin"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("url", ["http://{}/", "http://{}:8080/", "https://{}/"])
def test_the_licence_server_answers(host: str, url: str) -> None:
    assert b"timeSensor LEGAL" in verifying.fetch(host, url.format("licence.vendor.test"))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("mode", [("--disable-epsv",), ("-P", "-")], ids=["passive", "active"])
def test_the_whole_package_comes_by_ftp(host: str, mode: tuple[str, ...]) -> None:
    got = verifying.fetch(host, PACKAGE, *mode)
    assert hashlib.sha256(got).hexdigest() == hashlib.sha256(package()).hexdigest()


@pytest.mark.parametrize("host", HOSTS)
def test_sftp_and_mail_can_be_reached(host: str) -> None:
    assert verifying.connect(host, "update", 22) == "open"
    for port in (465, 587, 993, 995):
        assert verifying.connect(host, "mail", port) == "open"


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


def package() -> bytes:
    return b"".join(Pattern("timesensor").chunks(SIZE))
