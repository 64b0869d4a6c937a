# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service C(submission): SMTP on 587 with STARTTLS (RFC 6409, RFC 3207), which some firewalls
hide or cut."""

from __future__ import annotations

import socket

from ..._model.verdict import Evidence
from ..loop import Steps
from ..stream import Answer, DialogueOver, Reader, TcpStream, printable
from ._types import Dialogue
from .greeting import GREETINGS, judge_greeting, over_tls

# A firewall that rewrites SMTP masks what it does not know: "220 ****************", "250 XXXXXXXA".
_LONGEST_REPLY_LINES = 100


def talk(dialogue: Dialogue) -> Steps[Answer]:
    """Greeting, EHLO, STARTTLS, ServerHello."""
    greeted = yield from _prepare(dialogue.stream)

    def again() -> Steps[TcpStream]:
        stream = yield from dialogue.again()
        yield from _prepare(stream)
        return stream

    from ..tls import secure  # the ssl module costs 20 ms of CPU, and plain services do not need it

    _encrypted, secured = yield from secure(dialogue.stream, dialogue.target, again)
    return over_tls(secured, greeted)


def _prepare(stream: TcpStream) -> Steps[Answer]:
    """Bring a connection to the point where TLS starts. Raises `DialogueOver` when it does not
    get there."""
    reader = Reader(stream)
    first = yield from _reply(reader)
    greeted = judge_greeting(first[0], GREETINGS["smtps"])
    if greeted.row != "open":
        raise DialogueOver(greeted)
    yield from stream.send(f"EHLO {_own_name(stream.sock)}\r\n".encode("ascii"))
    offers = yield from _reply(reader)
    if not any(line[4:].strip().upper() == b"STARTTLS" for line in offers):
        raise DialogueOver(_no_starttls(greeted, offers))
    yield from stream.send(b"STARTTLS\r\n")
    accepted = yield from _reply(reader)
    if not accepted[0].startswith(b"220"):
        raise DialogueOver(_no_starttls(greeted, accepted))
    return greeted


def _no_starttls(greeted: Answer, lines: list[bytes]) -> Answer:
    said = printable(b" | ".join(lines), 300)
    return Answer("starttls_missing", greeted.evidence + (Evidence("SMTP answer", said, "SMTP"),))


def _reply(reader: Reader) -> Steps[list[bytes]]:
    """Read one reply of one or more lines (RFC 5321 section 4.2.1)."""
    lines: list[bytes] = []
    while len(lines) < _LONGEST_REPLY_LINES:
        line = yield from reader.line()
        lines.append(line)
        if line[3:4] != b"-":
            break
    return lines


def _own_name(sock: socket.socket) -> str:
    """An address literal (RFC 5321 section 4.1.3): the host's name is nobody's business here."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
