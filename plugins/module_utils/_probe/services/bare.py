# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service C(none): whether the port accepts is all that is asked."""

from __future__ import annotations

from ..._model.verdict import Evidence
from ..loop import Steps
from ..stream import Answer, printable
from ._types import Datagrams, Dialogue


def talk(dialogue: Dialogue) -> Steps[Answer]:
    """Say nothing: the handshake is the proof."""
    return Answer("open")
    yield  # pragma: no cover - makes this a generator like the other services


class BareDatagrams(Datagrams):
    """A datagram that says who sent it: most servers stay silent, so silence means little."""

    @property
    def request(self) -> bytes:
        return b"legalops.timesensor flow_probe\n"

    def read(self, data: bytes) -> Answer:
        return Answer("open", (Evidence("answer", printable(data), "datagram received"),))
