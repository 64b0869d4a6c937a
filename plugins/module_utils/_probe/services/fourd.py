# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service C(4d): 4D Server's ports 19812 to 19814 with TLS. The protocol is not public, but the
client speaks first."""

from __future__ import annotations

import dataclasses

from ..._model.verdict import Evidence
from ..loop import Steps
from ..stream import Answer, DialogueOver
from ._types import Dialogue

_UNKNOWN = ("spoken", "an unknown protocol")


def talk(dialogue: Dialogue) -> Steps[Answer]:
    """Offer TLS. An accepted connection that stays silent is open too, with less confidence (row
    C(4d_accepts))."""
    from ..tls import secure  # the ssl module costs 20 ms of CPU, and plain services do not need it

    try:
        _encrypted, secured = yield from secure(dialogue.stream, dialogue.target, dialogue.again)
    except DialogueOver as over:
        return judge_without_tls(over.answer)
    if secured.row == "tls_unverified":
        # 4D Server is delivered with a certificate of its own; only a pin can tell more.
        return dataclasses.replace(secured, row="open")
    return secured


def judge_without_tls(answer: Answer) -> Answer:
    """Judge a server that did not take up TLS: only another, known protocol is wrong."""
    # A close and a reset are the same thing: which one is seen depends on who is faster.
    if answer.row == "closed":
        return dataclasses.replace(answer, row="4d_closes")
    if answer.row == "wrong_protocol" and _UNKNOWN in answer.words:
        note = Evidence(
            "proof", "TCP accept alone was seen, 4D's protocol is not public", "flow_probe"
        )
        return Answer("4d_accepts", answer.evidence + (note,))
    return answer
