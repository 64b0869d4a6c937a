# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hearing an announcement comes to, for both settings of broadcasting."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.plugin_utils.announcement import (
    announce_results,
    announce_targets,
    control_targets,
)

TOKEN = "a token of at least sixteen"
PEERS = [{"peer": "10.77.0.2", "count": 1, "valid": 1}]


def settings(broadcasting: str = "allow") -> dict[str, Any]:
    return {"broadcasting": broadcasting, "broadcast_port": 19813, "announce_to": ["pc", "laptop"]}


def loop(item: dict[str, Any]) -> dict[str, Any]:
    found = {"instance": "1a", **item, "ansible_loop_var": "hearer", "hearer": "pc"}
    return {"results": [found]}


def heard(count: int) -> dict[str, Any]:
    peers = [{"peer": "10.77.0.2", "count": count, "valid": count}]
    return {"running": True, "heard": {"db_announce": peers} if count else {}}


def probe(identifier: str, verdict: str, interface: str = "eth0") -> dict[str, Any]:
    result: dict[str, Any] = {
        "id": identifier,
        "verdict": verdict,
        "confidence": "high",
        "evidence": [],
    }
    result.update(interface=interface, source="10.77.0.2", fix="a fix of flow_probe")
    return {"results": [result]}


def judged(
    broadcasting: str, sent: str, count: int, control: str = "open", **listener: Any
) -> dict[str, Any]:
    """Return the result when the listener heard `count` announcements."""
    first = 1 if control == "open" else 0
    steps = {
        "listened": loop({"results": [{"verdict": "listening", **listener}]}),
        "control": probe("pc", control),
        "before": loop(heard(first)),
        "announced": probe("announcement/eth0", sent),
        "after": loop(heard(first + count)),
    }
    (result,) = announce_results(steps, settings(broadcasting))
    assert (result["id"], result["from"]) == ("db_announce/19813", "pc")
    return result


@pytest.mark.parametrize(
    ("broadcasting", "sent", "count", "control", "expected", "fix"),
    [
        ("allow", "open", 2, "open", ("open", "pass", "high"), ""),
        # The answer can be lost on its way back: the listener decides.
        ("allow", "no_answer", 1, "no_answer", ("open", "pass", "high"), ""),
        ("allow", "no_answer", 0, "open", ("filtered", "fail", "high"), "let broadcasts through"),
        ("allow", "no_answer", 0, "no_answer", ("filtered", "fail", "medium"), "inbound on pc"),
        ("allow", "blocked_locally", 0, "open", ("blocked_locally", "fail", "high"), "a fix of"),
        ("block", "blocked_locally", 0, "open", ("blocked_locally", "pass", "high"), ""),
        ("block", "blocked_locally", 0, "filtered", ("blocked_locally", "pass", "medium"), ""),
        ("block", "no_answer", 0, "open", ("filtered", "warn", "medium"), "apply the role"),
        ("block", "open", 1, "open", ("open", "fail", "high"), "still leaves"),
        # One datagram got out before the rule came: nothing else counts.
        ("block", "blocked_locally", 1, "open", ("open", "fail", "high"), "still leaves"),
        ("block", "no_route", 0, "open", ("no_route", "none", "medium"), "a fix of"),
    ],
)
def test_hearing_is_held_against_the_setting(
    broadcasting: str,
    sent: str,
    count: int,
    control: str,
    expected: tuple[str, str, str],
    fix: str,
) -> None:
    result = judged(broadcasting, sent, count, control)
    assert (result["verdict"], result["status"], result["confidence"]) == expected
    assert fix in result["fix"]
    assert bool(result["fix"]) == bool(fix)


def test_another_server_that_the_listener_hears_does_not_count() -> None:
    other = {"peer": "10.77.0.3", "count": 9, "valid": 9}
    steps = {
        "listened": loop({"results": [{"verdict": "listening"}]}),
        "control": probe("pc", "open"),
        "before": loop(heard(1)),
        "announced": probe("announcement/eth0", "blocked_locally"),
        "after": loop({"running": True, "heard": {"db_announce": [*PEERS, other]}}),
    }
    (result,) = announce_results(steps, settings("block"))
    assert (result["verdict"], result["status"]) == ("blocked_locally", "pass")


@pytest.mark.parametrize(
    ("instance", "value", "fix"),
    [("", "gone before the end", "--limit"), ("2b", "replaced by that of another run", "no other")],
)
def test_a_listener_that_was_not_the_same_to_the_end_proves_nothing(
    instance: str, value: str, fix: str
) -> None:
    steps = {
        "listened": loop({"results": [{"verdict": "listening"}]}),
        "control": probe("pc", "open"),
        "before": loop(heard(1)),
        "announced": probe("announcement/eth0", "no_answer"),
        "after": loop({"running": bool(instance), "heard": {}, "instance": instance}),
    }
    (result,) = announce_results(steps, settings("allow"))
    assert (result["verdict"], result["status"]) == ("not_probed", "none")
    assert [item["value"] for item in result["evidence"]] == [value]
    assert fix in result["fix"]


@pytest.mark.parametrize(
    ("control", "interface", "fix"),
    [
        ("dns_failed", "", "Have the server find pc (its ansible_host)"),
        ("no_route", "", "a fix of flow_probe"),
        ("refused", "lo", "leads back to the server itself"),
    ],
)
@pytest.mark.parametrize("broadcasting", ["allow", "block"])
def test_where_nothing_can_be_sent_nothing_is_judged(
    broadcasting: str, control: str, interface: str, fix: str
) -> None:
    steps = {
        "listened": loop({"results": [{"verdict": "listening"}]}),
        "control": probe("pc", control, interface),
        "before": loop(heard(0)),
        "announced": probe("announcement/any", "blocked_locally"),
        "after": loop(heard(0)),
    }
    (result,) = announce_results(steps, settings(broadcasting))
    assert (result["verdict"], result["status"]) == ("not_probed", "none")
    assert fix in result["fix"]
    assert result["evidence"]


def test_the_answer_of_another_program_says_that_it_left() -> None:
    assert judged("block", "wrong_service", 0)["status"] == "warn"
    assert judged("allow", "wrong_service", 0)["verdict"] == "filtered"


def test_a_port_that_a_program_has_is_not_probed() -> None:
    result = judged("block", "blocked_locally", 0, verdict="in_use", fix="probe the program")
    assert (result["verdict"], result["status"]) == ("not_probed", "none")
    assert result["fix"] == "probe the program"


def test_a_listener_that_cannot_be_reached_has_no_result() -> None:
    gone = loop({"unreachable": True})
    steps = {
        "listened": gone,
        "before": gone,
        "after": gone,
        "control": probe("pc", "no_answer"),
        "announced": probe("announcement/eth0", "blocked_locally"),
    }
    assert announce_results(steps, settings("block")) == []


def test_check_mode_has_no_results() -> None:
    steps = {name: {"skipped": True} for name in ("listened", "control", "before", "after")}
    assert announce_results({**steps, "announced": {"skipped": True}}, settings()) == []
    steps["control"] = probe("pc", "not_probed")
    not_sent = {**steps, "announced": probe("announcement/eth0", "not_probed")}
    assert announce_results(not_sent, settings()) == []


def test_control_goes_to_the_address_and_the_announcement_to_everybody() -> None:
    hostvars = {"pc": {"ansible_host": "10.77.0.5"}, "laptop": {}}
    controls = control_targets(settings(), TOKEN, hostvars)
    assert [(item["id"], item["host"]) for item in controls] == [
        ("pc", "10.77.0.5"),
        ("laptop", "laptop"),
    ]
    found = announce_targets(settings(), TOKEN, probe("pc", "open"))
    assert [(item["host"], item["port"], item["interface"]) for item in found] == [
        ("255.255.255.255", 19813, "eth0")
    ]
    for interface in ("", "lo"):
        unknown = announce_targets(settings(), TOKEN, probe("pc", "dns_failed", interface))
        assert "interface" not in unknown[0]
