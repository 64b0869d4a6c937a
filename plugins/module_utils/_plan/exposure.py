# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change opens that was closed before: shown in the diff, so that nobody opens a port
unseen."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

from .._model.policy import DENY, GATEWAY, Policy
from .attach import Findings
from .packets import INPUT, NEW, REQUEST, PacketClass, packet_classes
from .render import merged_ports


def exposure(
    before: Sequence[Policy], after: Sequence[Policy], findings: Findings
) -> list[dict[str, Any]]:
    """Return one entry for each flow of `after` that was closed under `before`.

    `findings` is the survey of the foreign ruleset for `after`.
    """
    known = {_anonymous(item) for policy in before for item in packet_classes(policy)}
    stopped = {_anonymous(blocked.item): str(blocked.stop) for blocked in findings.stopped}
    opened: dict[tuple[str, str, str], list[PacketClass]] = {}
    for policy in after:
        for item in packet_classes(policy):
            if item.kind != REQUEST or item.state != NEW or _anonymous(item) in known:
                continue
            closed_by = stopped.get(_anonymous(item)) or _denied_by(before, item)
            if closed_by:
                opened.setdefault((item.tag, item.protocol, closed_by), []).append(item)
    return [
        {
            "flow": tag,
            "direction": "inbound" if items[0].hook == INPUT else items[0].hook,
            "protocol": protocol,
            "ports": [
                str(port) for port in merged_ports(item.dport for item in items if item.dport)
            ],
            "peers": sorted({str(net) for item in items for net in _far_end(item)}) or ["any"],
            "was_closed_by": closed_by,
        }
        for (tag, protocol, closed_by), items in opened.items()
    ]


def _anonymous(item: PacketClass) -> PacketClass:
    return dataclasses.replace(item, policy="", flow="")


def _far_end(item: PacketClass) -> Sequence[Any]:
    return item.sources if item.hook == INPUT else item.destinations


def _denied_by(policies: Sequence[Policy], item: PacketClass) -> str:
    for policy in policies:
        if (policy.enforcement == GATEWAY) != (item.hook == "forward"):
            continue
        inbound = item.hook == INPUT or (item.iifs and item.iifs == policy.outside)
        option = "default_ingress" if inbound else "default_egress"
        if getattr(policy, option) == DENY:
            return f"{option} deny of {policy.name}"
    return ""
