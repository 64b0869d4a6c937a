# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one probe of one address saw, before anything is concluded from it."""

from __future__ import annotations

import dataclasses

from .icmp import IcmpError
from .resolve import Address
from .route import Route
from .stream import Answer
from .target import Target
from .witness import Seen

ACCEPTED = "accepted"  # TCP: the handshake was completed
ANSWERED = "answered"  # UDP: a datagram came back
FAILED = "failed"  # the kernel reported an error
TIMED_OUT = "timed out"
NOT_SENT = "not sent"


@dataclasses.dataclass
class Attempt:
    """Facts about one address of one target.

    `errno` goes with C(FAILED) and C(NOT_SENT). `answer` is what the dialogue came to.
    `broken_by_reset` and `unacknowledged` say how a dialogue broke off, and `heard` keeps what
    had arrived by then. `seen` is None without the packet socket. `neighbour_silent` names the
    direct neighbour that did not answer ARP.
    """

    target: Target
    address: Address
    outcome: str = NOT_SENT
    errno: int = 0
    local: str = ""
    rtt_ms: float | None = None
    answer: Answer | None = None
    broken_by_reset: bool = False
    unacknowledged: bool = False
    heard: bytes = b""
    icmp: IcmpError | None = None
    seen: Seen | None = None
    witness_missed: bool = False
    route: Route | None = None
    neighbour_silent: str = ""
    sent_count: int = 0

    @property
    def peer_answered(self) -> bool:
        """Tell whether anything came back that says the host is up (a reset may also come from a
        box)."""
        reset = self.seen is not None and self.seen.reset_ttl is not None
        return self.outcome in (ACCEPTED, ANSWERED) or reset

    @property
    def shown(self) -> str:
        """Name and address of the far end."""
        host = self.target.host
        return host if host == self.address.text else f"{host} ({self.address.text})"
