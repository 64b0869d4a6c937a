# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service C(token): our own flow_listener, which proves by the token that it is the one that
answers."""

from __future__ import annotations

from ..._model.verdict import Evidence
from .. import signatures
from ..loop import Steps
from ..stream import Answer, Reader, printable
from ..target import Target
from ..token import ANSWER_LENGTH, is_answer, make_request
from ._types import Datagrams, Dialogue

_PROVED = Answer(
    "open", (Evidence("token", "the listener answered with the right HMAC", "flow_listener"),)
)


def talk(dialogue: Dialogue) -> Steps[Answer]:
    """Send a request and compare the answer."""
    request = make_request(dialogue.target.token)
    yield from dialogue.stream.send(request)
    answer = yield from Reader(dialogue.stream).exactly(ANSWER_LENGTH)
    return judge(dialogue.target, request, answer)


def judge(target: Target, request: bytes, answer: bytes) -> Answer:
    """Return row C(open), C(wrong_protocol) or C(token_unanswered)."""
    if is_answer(target.token, request, answer):
        return _PROVED
    if not answer:
        return Answer(
            "token_unanswered",
            (Evidence("end of the connection", "closed without an answer to the token", "TCP"),),
        )
    spoken = signatures.protocol_of(answer) or "an unknown protocol"
    return Answer(
        "wrong_protocol",
        (Evidence("answer to the token", printable(answer), "bytes received"),),
        (("spoken", spoken),),
    )


class TokenDatagrams(Datagrams):
    """The same over UDP; the request stays the same when it is sent again."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._request = make_request(target.token)

    @property
    def request(self) -> bytes:
        return self._request

    def read(self, data: bytes) -> Answer:
        return judge(self.target, self._request, data)
