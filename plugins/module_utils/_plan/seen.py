# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three answers of a match, and packets of ours as they are at one base chain."""

from __future__ import annotations

import dataclasses

from .packets import PacketClass

NONE = "none"
SOME = "some"
ALL = "all"


def both(left: str, right: str) -> str:
    """Return the answer for two conditions that must both hold."""
    if NONE in (left, right):
        return NONE
    return ALL if left == right == ALL else SOME


def negated(answer: str) -> str:
    return {NONE: ALL, ALL: NONE}.get(answer, SOME)


def either(answers: list[str]) -> str:
    """Return the answer for several conditions of which one must hold. Two that match different
    parts of the packets are SOME, although together they may match them all."""
    if ALL in answers:
        return ALL
    return SOME if SOME in answers else NONE


@dataclasses.dataclass(frozen=True)
class Seen:
    """One class of packets as they are at a base chain of `hook`.

    `packets` has the addresses, ports and interfaces that they carry there, which NAT may make
    others than those of the flow. The answers are about all of them: `tracked`, has conntrack seen
    them; `local`, is their destination an address of this host; `forwarded`, has a port forward
    changed their destination (C(ct status dnat)).

    The rest is for a rule of ours at this place: `also` is a further match in nft's words,
    `stateless` tells that C(ct state) cannot stand in it, and `refused` says why there must be no
    rule at all.
    """

    packets: PacketClass
    hook: str
    tracked: str = ALL
    local: str = SOME
    forwarded: str = SOME
    also: str = ""
    stateless: bool = False
    refused: str = ""

    @property
    def own(self) -> PacketClass:
        """The packets as a rule of ours matches them here."""
        state = "" if self.stateless else self.packets.state
        return dataclasses.replace(self.packets, state=state, also=self.also)
