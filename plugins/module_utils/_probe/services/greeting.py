# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services whose server speaks first: FTP, SSH, and mail over implicit TLS (RFC 8314)."""

from __future__ import annotations

import dataclasses
import re

from ..._model.verdict import Evidence
from .. import signatures
from ..loop import Steps
from ..stream import Answer, Reader, Stream, printable
from ._types import Dialogue


@dataclasses.dataclass(frozen=True)
class Greeting:
    """`welcome` and `refusal` match the first line; `preamble` lines may come before it;
    `goodbye` is sent at the end."""

    name: str
    welcome: re.Pattern[bytes]
    refusal: re.Pattern[bytes]
    goodbye: bytes
    tls: bool = False
    preamble: int = 0
    # Another protocol that opens with the same digits.
    not_this: str = ""


_THREE_DIGIT_REFUSAL = re.compile(rb"^(1|4|5)\d\d[ -]")

GREETINGS: dict[str, Greeting] = {
    # RFC 959 section 5.4: 220, or 120 and 421 from a server that is not ready.
    "ftp": Greeting(
        "FTP", re.compile(rb"^220[ -]"), _THREE_DIGIT_REFUSAL, b"QUIT\r\n", not_this="SMTP"
    ),
    # RFC 4253 section 4.2: other lines may come before the version.
    "ssh": Greeting(
        "SSH",
        re.compile(rb"^SSH-(2\.0|1\.99)-"),
        re.compile(rb"^(Not allowed|Exceeded MaxStartups)"),
        b"SSH-2.0-legalops_timesensor\r\n",
        preamble=20,
    ),
    # RFC 5321 section 4.2.
    "smtps": Greeting(
        "SMTP",
        re.compile(rb"^220[ -]"),
        _THREE_DIGIT_REFUSAL,
        b"QUIT\r\n",
        tls=True,
        not_this="FTP",
    ),
    # RFC 9051 section 7.1.
    "imaps": Greeting(
        "IMAP",
        re.compile(rb"^\* (OK|PREAUTH)", re.IGNORECASE),
        re.compile(rb"^\* BYE", re.IGNORECASE),
        b"a LOGOUT\r\n",
        tls=True,
    ),
    # RFC 1939 section 4.
    "pop3s": Greeting("POP3", re.compile(rb"^\+OK"), re.compile(rb"^-ERR"), b"QUIT\r\n", tls=True),
}


def talk(dialogue: Dialogue) -> Steps[Answer]:
    """Wait for the greeting, over TLS where the service has it."""
    expected = GREETINGS[dialogue.target.service]
    if not expected.tls:
        return (yield from read_greeting(dialogue.stream, expected))
    from ..tls import secure  # the ssl module costs 20 ms of CPU, and plain services do not need it

    encrypted, secured = yield from secure(dialogue.stream, dialogue.target, dialogue.again)
    greeted = yield from read_greeting(encrypted, expected)
    return over_tls(secured, greeted)


def over_tls(secured: Answer, spoken: Answer) -> Answer:
    """Join what the certificate and what the service said: the service counts unless it is all
    well."""
    leading = secured if spoken.row == "open" else spoken
    return Answer(leading.row, secured.evidence + spoken.evidence, leading.words)


def read_greeting(stream: Stream, expected: Greeting) -> Steps[Answer]:
    """Read the greeting and take leave."""
    reader = Reader(stream)
    line = yield from reader.line()
    for _number in range(expected.preamble):
        if expected.welcome.match(line) or expected.refusal.match(line) or not line:
            break
        line = yield from reader.line()
    answer = judge_greeting(line, expected)
    if answer.row == "open":
        yield from stream.send(expected.goodbye)
    return answer


def judge_greeting(line: bytes, expected: Greeting) -> Answer:
    """Return row C(open), C(service_refuses), C(wrong_protocol) or C(closed)."""
    shown = printable(line)
    if not line:
        return Answer(
            "closed", (Evidence("end of the connection", "closed without a greeting", "TCP"),)
        )
    other = signatures.protocol_of(line)
    if expected.welcome.match(line) and other != expected.not_this:
        return Answer(
            "open", (Evidence(f"{expected.name} greeting", shown, "first line received"),)
        )
    if expected.refusal.match(line):
        return Answer(
            "service_refuses",
            (Evidence(f"{expected.name} refusal", shown, "first line received"),),
            (("said", shown),),
        )
    spoken = other or "an unknown protocol"
    return Answer(
        "wrong_protocol",
        (
            Evidence("greeting", shown, "first line received"),
            Evidence("protocol recognised", spoken, "first line received"),
        ),
        (("spoken", spoken),),
    )
