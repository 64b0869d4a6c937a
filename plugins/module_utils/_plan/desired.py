# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: from all policies of a host and its live ruleset to one nft script, without touching
anything."""

from __future__ import annotations

import dataclasses
from typing import Sequence

from .._model.policy import Policy
from .attach import (
    Attachment,
    Conflict,
    Findings,
    attachments_for,
    conflicts_in,
    detach_commands,
    live_jumps,
    survey,
)
from .nat import NatReader
from .own_table import render_own_table
from .ruleset import OWN_FAMILY, OWN_PREFIX, OWN_TABLE, Ruleset


@dataclasses.dataclass(frozen=True)
class Desired:
    """What must be in the kernel for a set of policies, given the foreign part of the ruleset;
    `nat` reads the NAT of that part."""

    table: str
    attachments: tuple[Attachment, ...]
    findings: Findings
    conflicts: tuple[Conflict, ...]
    nat: NatReader

    def as_ruleset_text(self) -> str:
        """Return our table and our chains in foreign tables as nft text: to be kept, shown, or
        loaded into a scratch namespace."""
        return "".join([self.table, *(item.as_table() for item in self.attachments)])

    def script(self, live: Ruleset) -> str:
        """Return one transaction that turns `live` into this state: our table replaced, our jumps
        and chains set anew."""
        lines = [
            f"add table {OWN_FAMILY} {OWN_TABLE}",
            f"delete table {OWN_FAMILY} {OWN_TABLE}",
            *detach_commands(live),
        ]
        added = [line for item in self.attachments for line in item.commands]
        return "\n".join(lines) + "\n" + self.table + "".join(f"{line}\n" for line in added)

    def jumps_in_place(self, live: Ruleset) -> bool:
        """Tell whether each chain of ours is entered by exactly one jump, directly before what
        stops the flow."""
        wanted = {
            (item.stop.family, item.stop.table, item.chain): [item.stop]
            for item in self.attachments
        }
        found = {
            key: [stop for stop, unused_handle in places]
            for key, places in live_jumps(live).items()
        }
        return wanted == found


def plan(policies: Sequence[Policy], live: Ruleset, opaque_nat: bool = False) -> Desired:
    """Return what the kernel must hold for `policies`. Pure: reads `live`, changes nothing.

    `opaque_nat` tells that the host has NAT rules that are not in `live`.
    """
    foreign = live.without_own()
    nat = NatReader(foreign, opaque_nat)
    findings = survey(policies, foreign, nat)
    return Desired(
        table=render_own_table(policies),
        attachments=attachments_for(findings, foreign),
        findings=findings,
        conflicts=conflicts_in(findings, foreign),
        nat=nat,
    )


def own_part(listing: str) -> str:
    """Return what is ours in the text of `nft -s list ruleset`: our table, and our chains inside
    foreign tables.

    nft indents a table's chains by one tab and their rules by two (nftables src/rule.c), which
    makes lines enough. Our table comes first and the chains follow by name, whatever the kernel's
    order is.
    """
    own_table: list[str] = []
    chains: dict[tuple[str, str], list[str]] = {}
    header = ""
    block: list[str] | None = None
    for line in listing.splitlines():
        if line.startswith("table "):
            header = line
            block = own_table if line.split()[1:3] == [OWN_FAMILY, OWN_TABLE] else None
        elif line.startswith(f"\tchain {OWN_PREFIX}") and block is None:
            block = chains.setdefault((header, line), [header])
        if block is not None and line:
            block.append(line)
        if line == "\t}" and block is not own_table:
            block = None
    blocks = [own_table, *([*chains[key], "}"] for key in sorted(chains))]
    return "".join(f"{line}\n" for lines in blocks for line in lines)
