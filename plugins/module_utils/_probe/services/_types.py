# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service gets and what it must give."""

from __future__ import annotations

import abc
import dataclasses
from typing import Callable

from ..loop import Steps
from ..stream import Answer, TcpStream
from ..target import Target


@dataclasses.dataclass
class Dialogue:
    """A connection that has just been accepted. `again` makes a second one to the same address."""

    target: Target
    stream: TcpStream
    again: Callable[[], Steps[TcpStream]]


# Returns what the dialogue came to. May raise DialogueOver, Silence (time is up) and OSError (the
# connection broke): the caller turns each into an answer.
Talk = Callable[[Dialogue], Steps[Answer]]


class Datagrams(abc.ABC):
    """The UDP side of a service: one request, sent again until something comes back."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @property
    @abc.abstractmethod
    def request(self) -> bytes:
        """The datagram to send; the same each time."""

    @abc.abstractmethod
    def read(self, data: bytes) -> Answer:
        """Judge an answer: row C(open) or C(wrong_protocol)."""
