# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An observation as verdicts read it. Its keys are described in module_utils/_ftp/measure.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    HIGH,
    LOW,
    MEDIUM,
    Evidence,
    Verdict,
)

OWN_FIREWALL = (
    "This host's own firewall stops the data connection: load and assign the FTP connection"
    " tracking helper for TCP port 21 in its output chain (nftables: ct helper), and accept related"
    " connections."
)


class Seen:
    """Short ways to ask an observation, and to word evidence from it."""

    def __init__(self, observation: Mapping[str, Any]) -> None:
        self.all = observation

    def __getitem__(self, key: str) -> Any:
        return self.all.get(key)

    @property
    def phase(self) -> str:
        return str(self.all.get("phase", ""))

    @property
    def failure(self) -> Mapping[str, Any]:
        """What ended the run, empty when nothing did."""
        return self.all.get("failure") or {}

    @property
    def kind(self) -> str:
        return str(self.failure.get("kind", ""))

    @property
    def reply_code(self) -> int:
        """The code of the reply that ended the run, 0 when it was no reply."""
        reply = self.failure.get("reply") or {}
        return int(reply.get("code", 0))

    @property
    def transfer(self) -> Mapping[str, Any]:
        return self.all.get("transfer") or {}

    @property
    def end(self) -> str:
        """How the data connection ended, empty when there was none."""
        return str(self.transfer.get("end", ""))

    @property
    def bytes(self) -> int:
        return int(self.transfer.get("bytes", 0))

    @property
    def size(self) -> int | None:
        return self.all.get("size")

    @property
    def control(self) -> Mapping[str, Any]:
        return self.all.get("control") or {}

    @property
    def attempts(self) -> Sequence[Mapping[str, Any]]:
        return self.all.get("attempts") or ()

    @property
    def data_was_tried(self) -> bool:
        """Tell whether a data connection was tried in the wanted mode, and not only asked for."""
        active = self.all.get("wanted_mode") == "active"
        return any(
            attempt["port"] and (attempt["mode"] == "active") == active for attempt in self.attempts
        )

    def experiment(self, name: str) -> Mapping[str, Any]:
        """What came of an experiment, empty when it was not made."""
        for item in self.all.get("experiments") or ():
            if item["experiment"] == name:
                return dict(item)
        return {}

    def other_kind(self) -> tuple[Evidence, ...]:
        """What shows that the other kind of data connection carries the file, empty when it does
        not, or was not tried.
        """
        other = self.experiment("other_mode")
        if other.get("result") != "received":
            return ()
        what = f"data connection, {other['mode']}"
        return (Evidence(what, f"{other['bytes']} bytes", "experiment"),)

    @property
    def damage(self) -> Mapping[str, Any]:
        return (self.transfer.get("verify") or {}).get("damage") or {}

    @property
    def limits(self) -> Mapping[str, Any]:
        return self.all.get("limits") or {}

    @property
    def server(self) -> str:
        return f"{self.all.get('address') or self.all.get('host')}, port {self.all.get('port')}"

    def size_evidence(self) -> tuple[Evidence, ...]:
        size = "unknown" if self.size is None else self.size
        return (
            Evidence("bytes received", self.bytes, "data connection"),
            Evidence("size of the file", size, str(self.all.get("size_source") or "not given")),
        )

    @property
    def arrived(self) -> bool:
        """Tell whether the whole file came, undamaged as far as that was looked at, and the server
        says so, too.
        """
        verify = self.transfer.get("verify") or {}
        final = (self.all.get("final") or {}).get("code", 0)
        if self.failure or self.phase != "done" or self.end != "eof" or final // 100 != 2:
            return False
        if verify.get("passed") is False or self.damage:
            return False
        if self.size is None:
            return verify.get("passed") is True and verify.get("mode") == "sha256"
        return self.bytes == self.size

    def rest_evidence(self) -> tuple[Evidence, ...]:
        """What came when the rest of the file was asked for, after a transfer that broke."""
        rest = self.experiment("after_break")
        if not rest:
            return ()
        value = f"{rest['bytes']} bytes in {rest['last_byte_seconds']} s, then {rest['result']}"
        return (Evidence(f"the rest, asked for from byte {rest['offset']}", value, "experiment"),)

    def rate_evidence(self) -> tuple[Evidence, ...]:
        """What was slower than the user's limits in a transfer that is right otherwise."""
        if self.end not in ("eof", "max_bytes") or self.failure:
            return ()
        found = []
        worst, rate = self.transfer.get("worst_window_mbit"), self.transfer.get("mbit", 0.0)
        least, least_window = self.limits.get("min_mbit"), self.limits.get("min_mbit_window")
        if least is not None and rate < least:
            found.append(Evidence("rate", f"{rate} Mbit/s, wanted {least:g}", "data connection"))
        # A transfer of less than a window has none: then the whole of it counts.
        slowest = rate if worst is None else worst
        if least_window is not None and slowest < least_window:
            value = f"{slowest} Mbit/s, wanted {least_window:g}"
            found.append(Evidence("worst 5 seconds", value, "data connection"))
        return tuple(found)

    @property
    def samples(self) -> Sequence[Mapping[str, Any]]:
        return self.transfer.get("samples") or ()

    def control_evidence(self) -> tuple[Evidence, ...]:
        """What NOOP and the kernel said of the control connection afterwards."""
        found = []
        if self.control:
            found.append(
                Evidence("control connection afterwards", self.control.get("noop"), "NOOP")
            )
            tcp = self.control.get("tcp") or {}
            if "unacked" in tcp:
                value = f"{tcp['unacked']} unacknowledged, {tcp['retransmits']} retransmissions"
                found.append(Evidence("segments of the control connection", value, "TCP_INFO"))
        return tuple(found)

    def final_evidence(self) -> tuple[Evidence, ...]:
        final = self.all.get("final")
        value = final["text"] if final else "none"
        return (Evidence("final reply", value, "control connection"),)

    def attempt_evidence(self) -> tuple[Evidence, ...]:
        found = []
        for attempt in self.attempts:
            value = attempt["result"] if attempt["result"] == "connected" else attempt["text"]
            found.append(Evidence(f"data connection, {attempt['mode']}", value, "connect"))
            if attempt.get("turned_away"):
                found.append(
                    Evidence("connection from another address", attempt["turned_away"], "accept")
                )
            found += wire_evidence(attempt.get("wire"))
        return tuple(found)

    def connect_evidence(self) -> tuple[Evidence, ...]:
        found = []
        for connect in self.all.get("connects") or ():
            value = connect["text"] or connect["result"]
            found.append(Evidence(f"control connection to {connect['address']}", value, "connect"))
            found += wire_evidence(connect.get("wire"))
        return tuple(found)

    def reset_origin(self) -> tuple[str, str]:
        """Return who reset the data connection, C(path) or C(peer), and how sure that is.

        Every box on the way lowers the TTL by one, so a forged RST rarely has the TTL of the
        server's own SYN-ACK.
        Without that: a server that complains of its own side (426), or is still so busy with the
        transfer that it takes the NOOP and does not answer, did not end it itself.
        """
        wire = self.all.get("data_wire") or {}
        accept, reset = wire.get("accept_ttl"), wire.get("reset_ttl")
        if accept is not None and reset is not None:
            return ("peer", MEDIUM) if accept == reset else ("path", HIGH)
        final = (self.all.get("final") or {}).get("code", 0)
        unaware = self.control.get("noop") == "silent" and not (self.control.get("tcp") or {}).get(
            "unacked", 1
        )
        return ("path", MEDIUM) if final == 426 or unaware else ("peer", LOW)

    def stall_evidence(self) -> tuple[Evidence, ...]:
        gap = self.transfer["longest_gap"]
        silence = f"{gap['seconds']} s without a byte after {self.bytes} bytes"
        return (
            Evidence("silence", silence, "data connection"),
            *self.size_evidence(),
            *self.control_evidence(),
            *self.final_evidence(),
            *self.rest_evidence(),
        )

    def reset_evidence(self) -> tuple[Evidence, ...]:
        return (
            Evidence("reset after", f"{self.bytes} bytes", "data connection"),
            *wire_evidence(self.all.get("data_wire")),
            *self.size_evidence(),
            *self.final_evidence(),
            *self.control_evidence(),
            *self.rest_evidence(),
        )


def wire_evidence(wire: Mapping[str, Any] | None) -> list[Evidence]:
    """Word what the packet socket saw of a connection."""
    if not wire:
        return []
    found = []
    if not wire.get("left", True):
        found.append(Evidence("the SYN left this host", False, "packet socket"))
    if wire.get("icmp"):
        found.append(Evidence("error on the way", wire["icmp"], "packet socket"))
    if wire.get("reset_ttl") is not None:
        found.append(Evidence("TTL of the RST", wire["reset_ttl"], "packet socket"))
    if wire.get("accept_ttl") is not None:
        found.append(Evidence("TTL of the SYN-ACK", wire["accept_ttl"], "packet socket"))
    return found


def never_left(wires: Iterable[Mapping[str, Any] | None]) -> bool:
    """Tell whether none of these SYNs left the host although there was a way: its own firewall."""
    found = list(wires)
    return bool(found) and all(wire and wire.get("left") is False for wire in found)


def answer_was_dropped(wires: Iterable[Mapping[str, Any] | None]) -> bool:
    """Tell whether SYN-ACKs arrived at this host and its own firewall kept them from us."""
    found = list(wires)
    return bool(found) and all(wire and wire.get("accept_ttl") is not None for wire in found)


def failed(name: str, confidence: str, evidence: Sequence[Evidence], fix: str) -> Verdict:
    """Return a verdict of status fail."""
    return Verdict(name, FAIL, confidence, tuple(evidence), fix)
