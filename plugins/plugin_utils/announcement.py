# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of broadcasting: what is sent, and what hearing it, or not, comes to.

The server first sends a control datagram to the address of each listener: it shows that the
listener can hear at all, without which silence proves nothing. Then it announces itself to its
subnet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.flow import BLOCK
from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    HIGH,
    MEDIUM,
    NONE,
    PASS,
    WARN,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.verdicts import (
    BLOCKED_LOCALLY,
    FILTERED,
    NO_ANSWER,
    NOT_PROBED,
    OPEN,
    REFUSED,
    WRONG_SERVICE,
)

from .proof import announcement_id, by_host, not_judged, replaced

# RFC 919 section 7: reaches every host of the sender's own subnet, and no router forwards it.
EVERYBODY = "255.255.255.255"
# The datagram left, as far as the sender can tell. Only the listener knows whether it arrived.
_LEFT = (OPEN, NO_ANSWER, WRONG_SERVICE)
# A datagram to one host left: what came of it is an answer, silence, or a word of the way.
_SENT = (*_LEFT, REFUSED, FILTERED)
_LOOPBACK = "lo"


def control_targets(
    settings: Mapping[str, Any], token: str, hostvars: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the targets for flow_probe that show that each listener can hear."""
    return [
        _target(settings, token, name, hostvars[name].get("ansible_host") or name)
        for name in settings["announce_to"]
    ]


def announce_targets(
    settings: Mapping[str, Any], token: str, control: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the targets for flow_probe that announce the server to the subnet of each listener.

    `control` is the registered probe of `control_targets`: it knows over which interface each
    listener is reached. Without one the kernel's route for the broadcast address decides.
    """
    interfaces = sorted(
        {item["interface"] for item in control.get("results") or ()} - {"", _LOOPBACK}
    )
    return [
        {
            **_target(settings, token, _announcement_over(interface), EVERYBODY),
            **({"interface": interface} if interface else {}),
        }
        for interface in interfaces or [""]
    ]


def _announcement_over(interface: str) -> str:
    return f"announcement/{interface or 'any'}"


def _target(settings: Mapping[str, Any], token: str, name: str, host: str) -> dict[str, Any]:
    return {
        "id": name,
        "host": host,
        "port": settings["broadcast_port"],
        "protocol": "udp",
        "service": "token",
        "token": token,
    }


def announce_results(
    steps: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return one result for each listener.

    `steps` are the registered tasks: C(listened), C(before) and C(after) loop flow_listener over
    the listening hosts; C(control) and C(announced) are flow_probe on the server.
    """
    announced = {item["id"]: item for item in steps["announced"].get("results") or ()}
    control = {item["id"]: item for item in steps["control"].get("results") or ()}
    listened = dict(by_host(steps["listened"]))
    before = dict(by_host(steps["before"]))
    results = []
    for host, item in by_host(steps["after"]):
        probe = control.get(host, {})
        if item.get("unreachable") or not probe or probe["verdict"] == NOT_PROBED:
            continue
        sent = announced.get(_announcement_over(probe["interface"]))
        found = (
            _no_way(host, probe, sent)
            or _not_listening(listened.get(host, {}))
            or replaced(listened.get(host, {}).get("instance", ""), item, host)
        )
        if found is None and sent is not None:
            source = sent.get("source", "")
            count = _heard(item, source) - _heard(before.get(host, {}), source)
            found = _judge(settings, host, count, sent, probe["verdict"])
        if found is not None:
            results.append({"id": announcement_id(settings), "from": host, **found})
    return results


def _heard(item: Mapping[str, Any], source: str) -> int:
    """Return how many datagrams with our token a listener has counted so far, from `source`.

    A broadcast reaches its subnet only, so no NAT has changed that address; other servers of the
    play may announce themselves to the same listener.
    """
    heard = item.get("heard") or {}
    return sum(
        peer["valid"]
        for peers in heard.values()
        for peer in peers
        if not source or peer["peer"] == source
    )


def _no_way(
    host: str, control: Mapping[str, Any], sent: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The announcement could not be sent to the subnet of that listener, because nobody knows
    where it is."""
    evidence = control.get("evidence") or ()
    if control["interface"] == _LOOPBACK:
        fix = (
            f"The address of {host} (its ansible_host) leads back to the server itself: name a host"
            " of the client's subnet by the address that the server reaches it at."
        )
        shown = {"what": f"way to {host}", "value": "over loopback", "source": "flow_listener"}
        return not_judged([*evidence, shown], fix)
    if sent is None or (not control["interface"] and control["verdict"] not in _SENT):
        fix = f"Have the server find {host} (its ansible_host), then verify again. {control['fix']}"
        shown = {
            "what": f"datagram to {host} itself",
            "value": control["verdict"],
            "source": "flow_listener",
        }
        return not_judged([*evidence, shown], fix.strip())
    return None


def _not_listening(listened: Mapping[str, Any]) -> dict[str, Any] | None:
    """A program of that host has the port, or the listener could not be started."""
    listener = (listened.get("results") or [{}])[0]
    if listener.get("verdict") == "listening":
        return None
    return not_judged(listener.get("evidence") or (), listener.get("fix", ""))


def _judge(
    settings: Mapping[str, Any], host: str, count: int, sent: Mapping[str, Any], control: str
) -> dict[str, Any]:
    """Hold what one listener heard against what it ought to hear."""
    awake = control == OPEN
    evidence = [
        *(sent.get("evidence") or ()),
        {"what": "announcements heard", "value": count, "source": f"listener on {host}"},
        {"what": f"datagram to {host} itself", "value": control, "source": "flow_probe"},
    ]
    judge = _under_block if settings["broadcasting"] == BLOCK else _under_allow
    verdict, status, confidence, fix = judge(host, count > 0, sent, awake)
    return {
        "verdict": verdict,
        "status": status,
        "confidence": confidence,
        "evidence": evidence,
        "fix": fix,
    }


def _under_allow(
    host: str, heard: bool, sent: Mapping[str, Any], awake: bool
) -> tuple[str, str, str, str]:
    if heard:
        return OPEN, PASS, HIGH, ""
    if sent["verdict"] not in _LEFT:
        return sent["verdict"], FAIL, sent["confidence"], sent["fix"]
    if awake:
        fix = (
            f"The announcement leaves this host and does not arrive at {host}, which hears what is"
            " sent to its own address: let broadcasts through between the two (client isolation of"
            " an access point, storm control of a switch), or they are not in one subnet."
        )
        return FILTERED, FAIL, HIGH, fix
    fix = (
        f"{host} hears neither the announcement nor what is sent to its own address: allow this UDP"
        f" port inbound on {host}, then verify again."
    )
    return FILTERED, FAIL, MEDIUM, fix


def _under_block(
    host: str, heard: bool, sent: Mapping[str, Any], awake: bool
) -> tuple[str, str, str, str]:
    """A blocked announcement is what is wanted: then C(blocked_locally) passes."""
    if heard:
        fix = "The announcement still leaves this host: apply the role, then verify again."
        return OPEN, FAIL, HIGH, fix
    if sent["verdict"] in _LEFT:
        fix = (
            f"The announcement leaves this host, only something between it and {host} stops it:"
            " apply the role, then verify again."
        )
        return FILTERED, WARN, MEDIUM, fix
    if sent["verdict"] != BLOCKED_LOCALLY:
        return sent["verdict"], NONE, MEDIUM, sent["fix"]
    return BLOCKED_LOCALLY, PASS, HIGH if awake else MEDIUM, ""
