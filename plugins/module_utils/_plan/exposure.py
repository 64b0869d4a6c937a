# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change opens that was closed before: shown in the diff, so that nobody opens a port
unseen."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

from .._model.flow import INBOUND, OUTBOUND
from .._model.policy import DENY, GATEWAY, Policy
from .attach import Findings
from .packets import INPUT, NEW, OUTPUT, REQUEST, PacketClass, packet_classes
from .render import merged_ports

_EGRESS = "default_egress"
_INGRESS = "default_ingress"
_ANY = "any"


def exposure(
    before: Sequence[Policy], after: Sequence[Policy], findings: Findings
) -> list[dict[str, Any]]:
    """Return one entry for each flow of `after` that was closed under `before`, and one for each
    default that denies no more.

    `findings` is the survey of the foreign ruleset for `after`.
    """
    known = {_anonymous(item) for policy in before for item in packet_classes(policy)}
    stopped = {_anonymous(blocked.item): str(blocked.stop) for blocked in findings.stopped}
    opened: dict[tuple[str, str, str, str], list[PacketClass]] = {}
    for policy in after:
        directions = {flow.id: flow.direction for flow in policy.flows}
        for item in packet_classes(policy):
            if item.kind != REQUEST or item.state != NEW or _anonymous(item) in known:
                continue
            closed_by = stopped.get(_anonymous(item)) or _denied_by(before, item)
            if closed_by:
                key = (item.tag, directions[item.flow], item.protocol, closed_by)
                opened.setdefault(key, []).append(item)
    return _lifted_defaults(before, after) + [
        {
            "flow": tag,
            "direction": direction,
            "protocol": protocol,
            "ports": [
                str(port) for port in merged_ports(item.dport for item in items if item.dport)
            ],
            "peers": sorted({str(net) for item in items for net in _far_end(item, direction)})
            or [_ANY],
            "was_closed_by": closed_by,
        }
        for (tag, direction, protocol, closed_by), items in opened.items()
    ]


def _lifted_defaults(before: Sequence[Policy], after: Sequence[Policy]) -> list[dict[str, Any]]:
    """Return an entry for each direction that was denied on the host, or between two sides of a
    gateway, and is open to everything now."""
    denied_before, denied_after = _denied(before), _denied(after)
    return [
        {
            "flow": _ANY,
            "direction": INBOUND if option == _INGRESS else OUTBOUND,
            "protocol": _ANY,
            "ports": [_ANY],
            "peers": [_ANY],
            "was_closed_by": f"{option} deny of {', '.join(names)}",
        }
        for (option, *place), names in denied_before.items()
        if (option, *place) not in denied_after
    ]


def _denied(policies: Sequence[Policy]) -> dict[tuple[Any, ...], list[str]]:
    """Return by default and place the policies that deny there."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for policy in policies:
        for option in (_EGRESS, _INGRESS):
            if getattr(policy, option) == DENY:
                key = (option, policy.enforcement, policy.inside, policy.outside)
                found.setdefault(key, []).append(policy.name)
    return found


def _anonymous(item: PacketClass) -> PacketClass:
    return dataclasses.replace(item, policy="", flow="")


def _far_end(item: PacketClass, direction: str) -> Sequence[Any]:
    return item.sources if direction == INBOUND else item.destinations


def _denied_by(policies: Sequence[Policy], item: PacketClass) -> str:
    for policy in policies:
        for option, there, back in (
            (_EGRESS, policy.inside, policy.outside),
            (_INGRESS, policy.outside, policy.inside),
        ):
            if policy.enforcement == GATEWAY:
                hit = bool(set(item.iifs) & set(there) and set(item.oifs) & set(back))
            else:
                hit = item.hook == (OUTPUT if option == _EGRESS else INPUT)
            if hit and getattr(policy, option) == DENY:
                return f"{option} deny of {policy.name}"
    return ""
