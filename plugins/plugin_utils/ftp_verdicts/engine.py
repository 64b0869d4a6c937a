# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the verdicts, ask them in the order of their rank, and word the result of ftp_path.

They are found by listing a directory, which only works on the controller: what is sent to a host
holds statically
imported files alone. That is why the module measures and the action plugin judges.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    LOW,
    PASS,
    Evidence,
    Verdict,
)

from . import named
from .seen import Seen, failed

UNEXPLAINED = "unexplained"
_ENTERING = ("greeting", "login")
_SLOW_LOGIN_MS = 3000.0
# Cisco ASA's inspection writes asterisks or X in place of what a server says of itself.
_MASKED = re.compile(r"\*{5,}|X{5,}")
_LARGEST_MSS = 9000  # jumbo frames
_UNEXPLAINED_FIX = (
    "No verdict fits: run it again, then look at control_log and evidence, and report them."
)


class Rule(NamedTuple):
    rank: int
    name: str
    applies: Callable[[Seen], Verdict | None]


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Return all verdicts in the order in which they are asked."""
    found = []
    for item in pkgutil.iter_modules(named.__path__):
        module = importlib.import_module(f"{named.__name__}.{item.name}")
        found.append(Rule(module.RANK, item.name, module.applies))
    return tuple(sorted(found))


def classify(observation: Mapping[str, Any]) -> Verdict:
    """Return the verdict. What no file explains is C(unexplained), and never ok."""
    seen = Seen(observation)
    # What only warns does not hide what fails.
    mild: Verdict | None = None
    for rule in rules():
        verdict = rule.applies(seen)
        if verdict is not None and verdict.status == FAIL:
            return verdict
        mild = mild or verdict
    if mild is not None:
        return mild
    evidence = [
        Evidence("phase", seen.phase, "ftp_path"),
        Evidence("failure", seen.failure.get("text", "none"), "ftp_path"),
        *seen.size_evidence(),
        *seen.final_evidence(),
        *seen.control_evidence(),
    ]
    return failed(UNEXPLAINED, LOW, evidence, _UNEXPLAINED_FIX)


def result_of(observation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ftp_path returns for an observation."""
    verdict = classify(observation)
    transfer = observation.get("transfer") or {}
    verified = (transfer.get("verify") or {}).get("passed") is True and verdict.status == PASS
    attempts = list(observation.get("attempts") or ())
    return {
        "ok": verdict.name == "ok",
        **verdict.as_dict(),
        "verified": verified,
        "notes": notes(observation),
        "bytes": transfer.get("bytes", 0),
        "size": observation.get("size"),
        "seconds": transfer.get("seconds", 0.0),
        "mbit": transfer.get("mbit", 0.0),
        "worst_window_mbit": transfer.get("worst_window_mbit"),
        "limits": dict(observation.get("limits") or {}),
        "samples": transfer.get("samples", []),
        "ttfb_ms": transfer.get("ttfb_ms"),
        "phases_ms": observation.get("phases_ms", {}),
        "modes": {attempt["mode"]: attempt["result"] for attempt in _of_each_mode(observation)},
        "tcp": observation.get("tcp", {}),
        "attempts": attempts,
        "control_log": list(observation.get("control_log") or ()),
    }


def _of_each_mode(observation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the attempts of the download, behind those of the experiment with another mode."""
    other = Seen(observation).experiment("other_mode")
    return [*other.get("attempts", ()), *(observation.get("attempts") or ())]


def notes(observation: Mapping[str, Any]) -> list[str]:
    """Return what is no fault and still worth knowing."""
    seen = Seen(observation)
    found = []
    if seen.transfer and (seen.transfer.get("verify") or {}).get("mode") not in (
        "pattern",
        "sha256",
    ):
        found.append("not_verified: no seed and no checksum were given, only the size was compared")
    if seen.transfer and seen.size is None:
        found.append("size_unknown: the server tells no size; set expected_size or checksum")
    if not observation.get("witnessed"):
        found.append("no_packet_socket: without root no TTL and no ICMP sender could be seen")
    entering = sum((observation.get("phases_ms") or {}).get(name, 0) for name in _ENTERING)
    if entering >= _SLOW_LOGIN_MS:
        found.append(
            f"slow_login: {entering / 1000:.1f} s from the connection to the login; look for"
            " reverse lookups (UseReverseDNS) and for ident, whose port 113 is better rejected than"
            " dropped"
        )
    masked = next((line for line in seen["control_log"] or () if line.startswith("< ")), "")
    if _MASKED.search(masked):
        found.append("inspected: the greeting is masked, which firewalls do that inspect FTP")
    for connect in seen["connects"] or ():
        if seen["address"] and connect["result"] in ("timeout", "refused", "reset"):
            found.append(
                f"address_failed: {connect['address']} does not answer on port {seen['port']} and"
                f" {seen['address']} does; clients that try it first have to wait, or fail"
            )
    if len(seen.attempts) > 1 and seen["mode"] == "pasv" and seen.end:
        found.append("epsv_failed: EPSV did not work here and PASV did; see attempts")
    for attempt in seen.attempts:
        own = ("", "0.0.0.0", seen["address"])
        if attempt["mode"] == "pasv" and attempt["advertised_host"] not in own:
            found.append(
                f"pasv_address: the 227 reply names {attempt['advertised_host']}, which is not the"
                f" server's address {seen['address']}; clients that trust it fail"
            )
    if seen["data_source_port"] not in (None, 20):
        port = seen["data_source_port"]
        found.append(f"active_source_port: the data connection came from port {port}, not from 20")
    tcp = observation.get("tcp") or {}
    # Not on loopback, where half a window is less than a segment of 64 KiB.
    ethernet = tcp.get("snd_mss") and 0 < tcp.get("advmss", 0) <= _LARGEST_MSS
    if ethernet and tcp["snd_mss"] + 40 < tcp["advmss"]:
        found.append(f"mss_clamped: {tcp['snd_mss']} instead of {tcp['advmss']}")
    return found
