# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each of the lab's servers answers, says why it cannot start, and goes whole."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lab import Lab, LabError, services, wait_for

pytestmark = pytest.mark.lab

DATACENTRE = "server365.datacentre.test"
MAIL = "mail.provider.test"
CURL = "curl -sS -m 10 -o /dev/null -w '%{size_download}'"


@pytest.mark.parametrize("server", ["vsftpd", "proftpd", "pure_ftpd"])
def test_an_ftp_server_serves_a_directory(shared_firm: Lab, server: str) -> None:
    update, client = shared_firm["update"], shared_firm["outsider"]
    update.sh("mkdir -p /srv/lab/ftp")
    (update.disk / "ftp/package.bin").write_bytes(b"x" * 1_234_567)
    with shared_firm.services.start(server, "update"):
        for options in ("-4", "-6", "-4 -P 203.0.113.66", "-6 -P 2001:db8:113::66"):
            size = client.sh(f"{CURL} {options} ftp://update.vendor.test/package.bin")
            assert size == "1234567", options
    assert not update.processes()
    assert not update.listening(21)


@pytest.mark.parametrize("server", ["vsftpd", "proftpd", "pure_ftpd"])
def test_active_data_comes_from_port_20(fresh_firm: Lab, server: str) -> None:
    """Fresh, because Pure-FTPd takes another port while another server's is in TIME-WAIT."""
    update, client = fresh_firm["update"], fresh_firm["outsider"]
    update.sh("mkdir -p /srv/lab/ftp; echo x > /srv/lab/ftp/small")
    client.nft(
        "table inet t {\n counter from20 {\n }\n chain c {\n type filter hook input priority 0;\n"
        "tcp sport 20 tcp flags syn counter name from20\n }\n }\n"
    )
    fresh_firm.services.start(server, "update")
    client.sh(f"{CURL} -4 -P 203.0.113.66 ftp://update.vendor.test/small")
    assert "packets 1 " in client.sh("nft list counters")


def test_ftp_through_the_gateway_without_helper(fresh_firm: Lab) -> None:
    update, client = fresh_firm["update"], fresh_firm["workstation"]
    update.sh("mkdir -p /srv/lab/ftp; echo x > /srv/lab/ftp/small")
    fresh_firm.services.start("vsftpd", "update")
    command = ["curl", "-4", "-sS", "-m", "2", "ftp://update.vendor.test/small"]
    rules = fresh_firm["gateway"].ruleset()
    refused = client.run([*command, "--connect-timeout", "0.5"])
    assert (refused.returncode, "220" in refused.stderr) == (28, False)
    with fresh_firm.fault("ftp_helper_missing"):
        shown = client.run([*command, "-v"])
        assert shown.returncode == 28
        assert "< 230 Login successful" in shown.stderr
        assert "229 Entering Extended Passive Mode" in shown.stderr
    assert fresh_firm["gateway"].ruleset() == rules


def test_the_licence_server(shared_firm: Lab) -> None:
    client = shared_firm["outsider"]
    with shared_firm.services.start("nginx", "licence"):
        # No -k: the hosts trust the lab's authority, and the names fit.
        for url in ("http://%s/", "http://%s:8080/", "https://%s/"):
            for host in ("licence.vendor.test", "203.0.113.22", "[2001:db8:113::22]"):
                body = client.sh(f"curl -sS -m 5 -g '{url % host}'")
                assert body == '{"product": "timeSensor LEGAL", "update": "none"}'


@pytest.mark.parametrize(
    ("port", "options", "greeting"),
    [
        (465, "", "220 mail.provider.test ESMTP"),
        (587, "-starttls smtp", "250 AUTH PLAIN LOGIN"),
        (993, "", "* OK [CAPABILITY IMAP4rev1"),
        (995, "", "+OK mail.provider.test"),
    ],
)
def test_the_mail_server(shared_firm: Lab, port: int, options: str, greeting: str) -> None:
    if not shared_firm["mail"].listening(465):
        shared_firm.services.start("mail", "mail")
    options += f" -verify_return_error -verify_hostname {MAIL} -connect {MAIL}:{port}"
    script = f"(echo EHLO me; sleep 0.3) | openssl s_client -quiet -no_ign_eof {options} 2>&1"
    assert greeting in shared_firm["outsider"].sh(script)


def test_submission_speaks_plainly_first(shared_firm: Lab) -> None:
    if not shared_firm["mail"].listening(587):
        shared_firm.services.start("mail", "mail")
    with shared_firm["outsider"].socket() as client:
        client.settimeout(5)
        client.connect((shared_firm["mail"].address, 587))
        assert client.recv(100).startswith(b"220 ")
        client.sendall(b"EHLO me\r\n")
        assert b"250 STARTTLS\r\n" in client.recv(500)


def test_the_application_server_waits_for_the_client(shared_firm: Lab) -> None:
    with shared_firm.services.start("tls_app", "datacentre"):
        for port in (19812, 19813, 19814):
            with shared_firm["outsider"].socket() as client:
                client.settimeout(0.2)
                client.connect((shared_firm["datacentre"].address, port))
                with pytest.raises(TimeoutError):
                    client.recv(1)
            options = f"-quiet -no_ign_eof -verify_return_error -connect {DATACENTRE}:{port}"
            script = f"(echo ping; sleep 0.3) | openssl s_client {options} 2>/dev/null"
            assert shared_firm["outsider"].sh(script) == "ping\n"


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_quic_negotiates_versions(shared_firm: Lab, family: socket.AddressFamily) -> None:
    """RFC 9000 section 6: the answer to a reserved version has version 0 and our ids swapped."""
    host = shared_firm["datacentre"]
    dcid, scid = os.urandom(8), os.urandom(8)
    packet = b"\xc0\x1a\x2a\x3a\x4a\x08" + dcid + b"\x08" + scid
    with (
        shared_firm.services.start("quic", "datacentre"),
        shared_firm["outsider"].socket(family, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(5)
        address = host.address if family == socket.AF_INET else host.address6
        client.sendto(packet.ljust(1200, b"\0"), (address, 19813))
        answer = client.recv(2000)
    assert answer[0] & 0x80
    assert answer[1:5] == b"\0\0\0\0"
    assert answer[5:23] == b"\x08" + scid + b"\x08" + dcid
    assert b"\0\0\0\1" in answer[23:]


def test_sftp_with_a_password(shared_firm: Lab) -> None:
    update, client = shared_firm["update"], shared_firm["outsider"]
    client.write("/root/askpass", "#!/bin/sh\necho secret\n", 0o700)
    with shared_firm.services.start("openssh", "update", password="secret"):
        update.sh("echo content > /home/timesensor/file")
        script = (
            "cd /tmp; SSH_ASKPASS=/root/askpass SSH_ASKPASS_REQUIRE=force "
            "sftp -o StrictHostKeyChecking=no timesensor@update.vendor.test:file . >/dev/null 2>&1;"
            "cat file"
        )
        assert client.sh(script) == "content\n"


def test_a_server_that_ends_early_is_quoted(shared_firm: Lab) -> None:
    with pytest.raises(
        LabError, match=r"vsftpd-21 on update ended with rc \d+: 500 OOPS: unrecognised variable"
    ):
        shared_firm.services.start("vsftpd", "update", no_such_setting="1")
    assert not shared_firm["update"].processes()


def test_a_taken_port_is_named(shared_firm: Lab) -> None:
    taken = pytest.raises(LabError, match="something listens on 21/tcp already")
    with shared_firm.services.start("vsftpd", "update"), taken:
        shared_firm.services.start("pure_ftpd", "update")


def test_stopping_takes_the_sessions_with_it(shared_firm: Lab) -> None:
    update = shared_firm["update"]
    with shared_firm["outsider"].socket() as client:
        with shared_firm.services.start("vsftpd", "update"):
            client.settimeout(5)
            client.connect((update.address, 21))
            assert client.recv(100).startswith(b"220 ")
            assert len(update.processes()) >= 2
        assert not update.processes()


def test_killing_takes_what_is_being_started_with_it(shared_firm: Lab) -> None:
    """A server may fork between the moment it is looked at and the one it is killed."""
    update = shared_firm["update"]
    before = update.processes()
    process = update.popen(["sh", "-c", "for i in $(seq 400); do sleep 60 & done; wait"])
    wait_for(lambda: len(update.processes()) > len(before) + 20, 10, "nothing was started")
    process.kill_tree()
    # The host's init reaps what has lost its parent, all 400 of them.
    wait_for(lambda: update.processes() == before, 10, "something was left")


def test_unknown_names_are_answered_with_the_known_ones(shared_firm: Lab) -> None:
    with pytest.raises(LabError, match=r"no service 'sendmail' .*vsftpd"):
        shared_firm.services.start("sendmail", "mail")
    with pytest.raises(LabError, match=r"no host 'fileserver' .*workstation"):
        shared_firm.services.start("vsftpd", "fileserver")
    with pytest.raises(LabError, match=r"no fault 'flood' .*drop_port"):
        shared_firm.fault("flood")


def test_every_service_is_tested_here() -> None:
    source = Path(__file__).read_text()
    assert [name for name in services.names() if f'"{name}"' not in source] == []
