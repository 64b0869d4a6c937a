# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer tells, by itself: HTTP, other protocols, and products that inspect TLS."""

from __future__ import annotations

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import Evidence
from ansible_collections.legalops.timesensor.plugins.module_utils._probe import signatures
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.services.fourd import (
    judge_without_tls,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.services.http import (
    judge_response,
    request_for,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.stream import (
    Answer,
    printable,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.target import Target

PUBLIC = "203.0.114.7"  # only a text here; what is reserved for documentation counts as private
HTTP_TARGET = Target("t", PUBLIC, 80, service="http")


@pytest.mark.parametrize(
    ("status", "headers", "row"),
    [
        (b"HTTP/1.1 200 OK", {}, "open"),
        (b"HTTP/1.0 404 Not Found", {}, "open"),
        (b"HTTP/1.1 500 Internal Server Error", {}, "open"),
        (b"HTTP/1.1 200", {}, "open"),
        (b"HTTP/1.1 407 Proxy Authentication Required", {}, "proxy_login"),
        (b"HTTP/1.1 511 Network Authentication Required", {}, "proxy_login"),
        (b"HTTP/1.1 403 Forbidden", {"via": "1.1 cdn (CloudFront)"}, "open"),
        (b"HTTP/1.1 403 Forbidden", {"server": "squid/5.7"}, "proxy_page"),
        (b"HTTP/1.1 503 Service Unavailable", {"x-squid-error": "ERR_DNS_FAIL 0"}, "proxy_page"),
        (b"HTTP/1.1 302 Found", {"location": "https://www.example.com/login"}, "open"),
        (b"HTTP/1.1 302 Found", {"location": "http://192.168.1.1/"}, "proxy_page"),
        (b"HTTP/1.1 302 Found", {"location": "http://fw.example:1000/fgtauth?0a"}, "proxy_page"),
        (b"HTTP/1.1 302 Found", {"location": f"http://{PUBLIC}/captive"}, "open"),
        (b"HTTP/1.1 302 Found", {"location": "http://[broken"}, "open"),
        (b"HTTP/1.1 302 Found", {"location": "/captive/"}, "open"),
        (b"SSH-2.0-OpenSSH_9.2", {}, "wrong_protocol"),
        (b"HTTP/1.1 2", {}, "wrong_protocol"),
        (b"", {}, "closed"),
    ],
)
def test_http_answers(status: bytes, headers: dict[str, str], row: str) -> None:
    assert judge_response(status, headers, HTTP_TARGET).row == row


def test_a_redirect_between_private_addresses_is_no_portal() -> None:
    inside = Target("t", "10.0.0.5", 80, service="http")

    answer = judge_response(b"HTTP/1.1 302 Found", {"location": "http://10.0.0.6/app"}, inside)

    assert answer.row == "open"


@pytest.mark.parametrize(
    ("host", "port", "service", "line"),
    [
        ("a.example.", 80, "http", b"Host: a.example\r\n"),
        ("a.example", 8080, "http", b"Host: a.example:8080\r\n"),
        ("a.example", 443, "https", b"Host: a.example\r\n"),
        ("2001:db8::1", 8080, "http", b"Host: [2001:db8::1]:8080\r\n"),
    ],
)
def test_the_host_header(host: str, port: int, service: str, line: bytes) -> None:
    assert line in request_for(Target("t", host, port, service=service))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"HTTP/1.1 200 OK", "HTTP"),
        (b"SSH-2.0-x", "SSH"),
        (b"\x15\x03\x01\x00\x02", "TLS"),
        (b"* OK ready", "IMAP"),
        (b"+OK ready", "POP3"),
        (b"220 a ESMTP", "SMTP"),
        (b"220 FTP server", "FTP"),
        (b"220 ready", "a protocol with three-digit replies, such as FTP or SMTP"),
        (b"anything", ""),
        (b"", ""),
    ],
)
def test_protocols_are_recognised(data: bytes, name: str) -> None:
    assert signatures.protocol_of(data) == name


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        ("CN=FG100E, O=Fortinet", "Fortinet"),
        ("CN=zscaler intermediate root ca", "zscaler"),
        ("CN=R11, O=Let's Encrypt, C=US", ""),
        ("CN=4D, O=4D SAS", ""),
        ("", ""),
    ],
)
def test_inspection_products_are_recognised_by_their_issuer(issuer: str, product: str) -> None:
    assert signatures.interceptor(issuer) == product


def test_a_known_answer_without_tls_stays_wrong_for_4d() -> None:
    known = Answer("wrong_protocol", (), (("spoken", "HTTP"),))
    unknown = Answer("wrong_protocol", (), (("spoken", "an unknown protocol"),))

    assert judge_without_tls(known) == known
    assert judge_without_tls(unknown).row == "4d_accepts"
    assert judge_without_tls(Answer("closed")).row == "4d_closes"
    assert judge_without_tls(Answer("tls_alert")).row == "tls_alert"


def test_strangers_bytes_are_made_safe_to_show() -> None:
    assert printable(b"a\x1b[31m\x00\xff\r\n") == "a\\x1b[31m\\x00\\xff\\x0d\\x0a"
    assert printable(b"x" * 200) == "x" * 120 + "..."
    assert Evidence("a", printable(b"\x9b"), "b").as_dict()["value"] == "\\x9b"
