# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets as their authors write them, and what our flows meet in them.

What the cases in cases_filter.py and cases_nat.py are made of, and how they are read.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping

from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import (
    Policy,
    parse_policy,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.attach import (
    Findings,
    attachments_for,
    conflicts_in,
    survey,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.nat import NatReader
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.nat_warnings import (
    nat_warnings,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._plan.ruleset import (
    Rule,
    Ruleset,
)

# Two ways in for the flow "in".
FORWARD = "iifname wan0 tcp dport 19812 dnat ip to 10.77.0.20"
OTHER_PORT = "iifname wan0 ip daddr 203.0.113.1 tcp dport 8443 dnat ip to 10.77.0.20:19812"


@dataclasses.dataclass(frozen=True)
class Case:
    """The body of a table, and what must be found in it."""

    body: str
    packets: str
    expected: Any
    family: str = "inet"


def _flow(identifier: str, direction: str, ports: list[Any], **more: Any) -> dict[str, Any]:
    base = {"id": identifier, "direction": direction, "protocol": "tcp", "ports": ports}
    return {**base, **more}


def gateway(*flows: Mapping[str, Any]) -> Policy:
    return parse_policy(
        {
            "name": "p",
            "enforcement": "gateway",
            "interfaces": {"inside": ["lan0", "lan1"], "outside": ["wan0"]},
            "flows": list(flows),
        }
    )


OUT = _flow("out", "outbound", [443], hosts=["10.77.0.0/24"])
IN = _flow("in", "inbound", [19812], hosts=["10.77.0.20"])
FLOWS = {
    "out": OUT,
    "in": IN,
    "udp": {**OUT, "id": "udp", "protocol": "udp"},
    "ftp": {**OUT, "id": "ftp", "ports": [21], "service": "ftp"},
    "public": {**IN, "id": "public", "hosts": ["198.51.100.20"]},
    "peers": {**IN, "id": "peers", "peers": ["192.0.2.1", "192.0.2.2"]},
    "vpn": {**IN, "id": "vpn", "peers": ["10.99.0.0/24"]},
    "in6": {**IN, "id": "in6", "hosts": ["fd77::20"]},
    "any": {**OUT, "id": "any", "hosts": []},
}


def findings(found: Ruleset, packets: str) -> Findings:
    """Return the findings for packets such as C(out.new): a flow of `FLOWS` and a state or
    C(reply)."""
    flow, state = packets.split(".")
    family = "ipv6" if flow.endswith("6") else "ipv4"
    everything = survey([gateway(FLOWS[flow])], found)

    def wanted(item: Any) -> bool:
        reply = item.kind == "reply"
        if state == "reply" or reply:
            return bool(item.family == family and state == "reply" and reply)
        return bool(item.family == family and item.state == state)

    return dataclasses.replace(
        everything,
        stopped=tuple(one for one in everything.stopped if wanted(one.item)),
        partial=tuple(pair for pair in everything.partial if wanted(pair[0])),
    )


def answer(found: Ruleset, packets: str) -> str:
    """Return whether the drops in a ruleset hit all, some or none of the packets, or all of a known
    part of them (of one interface or network)."""
    result = findings(found, packets)
    if any(one.seen.packets == one.item for one in result.stopped):
        return "all"
    return "part" if result.stopped else ("some" if result.partial else "none")


def own_rules(found: Ruleset, packets: str) -> list[str]:
    """Return each jump of ours by the comment of the rule that it stands before, and its rules; or
    why there can be none."""
    result = findings(found, packets)
    lines = [f"conflict: {item.why or item.manager}" for item in conflicts_in(result, found)]
    for attachment in attachments_for(result, found):
        chain = found.chains[attachment.stop.chain_key]
        before = next((rule for rule in chain.rules if rule.handle == attachment.stop.handle), None)
        place = _comment(before) if before else f"policy of {chain.name}"
        lines += [f"{place}: {rule.split(' comment ')[0]}" for rule in attachment.rules]
    return lines


def warnings(found: Ruleset, packets: str) -> list[str]:
    """Return what is said about the NAT of one flow, the finding and the command of each warning
    only."""
    texts = nat_warnings([gateway(FLOWS[packets.partition(".")[0]])], NatReader(found))
    return [text.split(". ")[0] + " ## " + text.split(": ")[-1] for text in texts]


def _comment(rule: Rule) -> str:
    return rule.comment or "no comment"


def chain(hook: str, *rules: str, priority: str = "filter", policy: str = "accept") -> str:
    """Return a base chain as text."""
    head = f"type filter hook {hook} priority {priority}; policy {policy};"
    return "\n".join([f"chain {hook} {{", head, *rules, "}"])


def nat_chain(*rules: str, filters: str = "") -> str:
    """Return a chain for port forwards as text, after other chains, sets and maps."""
    head = "type nat hook prerouting priority dstnat; policy accept;"
    return "\n".join([filters, "chain nat {", head, *rules, "}"])
