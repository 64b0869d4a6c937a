# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services C(http) and C(https): a whole response line is read (RFC 9112), and the marks of a
proxy with it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ..._model.verdict import Evidence
from .. import signatures
from ..loop import Steps
from ..stream import Answer, Reader, Stream, printable
from ..target import Target
from ._types import Dialogue
from .greeting import over_tls

_STATUS_LINE = re.compile(rb"^HTTP/\d(?:\.\d)? +(\d{3})(?: |$)")
_MOST_HEADERS = 100
# RFC 9110 section 15.2: any number of these may come before the answer.
_INTERIM = re.compile(rb"^HTTP/\d(?:\.\d)? +1\d\d(?: |$)")
_MOST_INTERIM = 5
_REDIRECTS = (301, 302, 303, 307, 308)
# RFC 9110 section 15.5.8 and RFC 6585 section 6: only proxies and captive portals answer these.
_PROXY_WANTS_LOGIN = 407
_NETWORK_WANTS_LOGIN = 511
_BLOCK_CODES = (403, 451, 502, 503, 504)


def talk(dialogue: Dialogue) -> Steps[Answer]:
    """Ask for C(/) and judge the head of the answer."""
    if dialogue.target.service == "http":
        return (yield from _ask(dialogue.stream, dialogue.target))
    from ..tls import secure  # the ssl module costs 20 ms of CPU, and plain services do not need it

    encrypted, secured = yield from secure(dialogue.stream, dialogue.target, dialogue.again)
    return over_tls(secured, (yield from _ask(encrypted, dialogue.target)))


def request_for(target: Target) -> bytes:
    """Return the request."""
    host = target.host.partition("%")[0]
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    usual = 443 if target.service == "https" else 80
    place = host if target.port == usual else f"{host}:{target.port}"
    return (
        f"GET / HTTP/1.1\r\nHost: {place}\r\nUser-Agent: legalops.timesensor flow_probe\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def _ask(stream: Stream, target: Target) -> Steps[Answer]:
    yield from stream.send(request_for(target))
    reader = Reader(stream)
    status, headers = yield from _head(reader)
    for _number in range(_MOST_INTERIM):
        if not _INTERIM.match(status):
            break
        status, headers = yield from _head(reader)
    return judge_response(status, headers, target)


def _head(reader: Reader) -> Steps[tuple[bytes, dict[str, str]]]:
    """Read a status line and the headers behind it."""
    status = yield from reader.line()
    headers: dict[str, str] = {}
    if _STATUS_LINE.match(status):
        for _number in range(_MOST_HEADERS):
            line = yield from reader.line()
            if not line:
                break
            name, _colon, value = line.partition(b":")
            headers.setdefault(printable(name).strip().lower(), printable(value.strip(), 200))
    return status, headers


def judge_response(status: bytes, headers: dict[str, str], target: Target) -> Answer:
    """Return row C(open), C(proxy_login), C(proxy_page), C(wrong_protocol), C(silent) or
    C(closed). Header names are lower case."""
    if not status:
        return Answer(
            "closed", (Evidence("end of the connection", "closed without an answer", "TCP"),)
        )
    shown = printable(status)
    match = _STATUS_LINE.match(status)
    if match is None:
        spoken = signatures.protocol_of(status) or "an unknown protocol"
        return Answer(
            "wrong_protocol",
            (
                Evidence("answer to an HTTP request", shown, "first line received"),
                Evidence("protocol recognised", spoken, "first line received"),
            ),
            (("spoken", spoken),),
        )
    code = int(match.group(1))
    evidence = (Evidence("HTTP response line", shown, "HTTP"),)
    if code < 200:
        return Answer("silent", (*evidence, Evidence("answer", "only announced", "HTTP")))
    marks = signatures.proxy_marks(headers)
    words = (("said", shown),)
    if code in (_PROXY_WANTS_LOGIN, _NETWORK_WANTS_LOGIN):
        return Answer("proxy_login", evidence + _marks(marks), words)
    if code in _BLOCK_CODES and marks:
        return Answer("proxy_page", evidence + _marks(marks), words)
    location = headers.get("location", "")
    if code in _REDIRECTS and _leads_to_portal(location, target):
        return Answer(
            "proxy_page", evidence + (Evidence("redirected to", location, "HTTP"),), words
        )
    return Answer("open", evidence + _marks(marks))


def _marks(marks: list[str]) -> tuple[Evidence, ...]:
    return tuple(Evidence("mark of a proxy", mark, "HTTP header") for mark in marks)


def _leads_to_portal(location: str, target: Target) -> bool:
    """Tell whether a redirect goes to another host that is a gateway's: by its path, or by a
    private address."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return False
    if not host or host == target.host.lower().rstrip("."):
        return False
    if signatures.is_portal(location):
        return True
    try:
        private = ipaddress.ip_address(host).is_private
        return private and not (
            target.host_is_address
            and ipaddress.ip_address(target.host.partition("%")[0]).is_private
        )
    except ValueError:
        return False
