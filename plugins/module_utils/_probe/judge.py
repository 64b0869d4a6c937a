# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From facts to rows of the verdict table. Pure: no packet is sent here, so that each rule can be
tested as a table."""

from __future__ import annotations

import dataclasses
import errno
import os
from typing import Any, Iterable, Sequence

from .._model.verdict import Evidence
from . import icmp as icmp_module
from . import route as route_module
from .attempt import ACCEPTED, ANSWERED, FAILED, NOT_SENT, Attempt
from .icmp import IcmpError
from .stream import printable
from .target import TCP

_WITNESS = "packet socket"
_KERNEL = "kernel"
# What operating systems start with: Linux and macOS 64, Windows 128, network devices 255.
_INITIAL_TTLS = (64, 128, 255)
# What a reset after the handshake comes to, when the far end itself sent it.
_BROKEN_ROWS = {"none": "open", "token": "token_unanswered", "4d": "4d_closes"}
_MISSING = Evidence(
    "packet socket",
    "not permitted, so it was not seen whether packets left this host nor which TTL answers had;"
    " run as root",
    "flow_probe",
)


@dataclasses.dataclass(frozen=True)
class Neighbourhood:
    """What the other probes of the same call saw of the same address."""

    accept_ttls: tuple[int, ...] = ()
    answered: bool = False
    unreachable: IcmpError | None = None
    rejected: IcmpError | None = None


@dataclasses.dataclass(frozen=True)
class Ruling:
    """The `row` of the verdict table, the evidence and the words of the fix."""

    row: str
    evidence: tuple[Evidence, ...] = ()
    words: tuple[tuple[str, Any], ...] = ()


def neighbourhood(attempts: Iterable[Attempt]) -> Neighbourhood:
    """Sum up what all attempts on one address saw."""
    found = list(attempts)
    ttls = [
        attempt.seen.accept_ttl
        for attempt in found
        if attempt.seen is not None and attempt.seen.accept_ttl is not None
    ]
    answered = any(attempt.peer_answered for attempt in found)
    errors = [attempt.icmp for attempt in found if attempt.icmp is not None]
    unreachable = [error for error in errors if error.kind == icmp_module.NO_ROUTE]
    rejected = [
        error for error in errors if error.kind in (icmp_module.PROHIBITED, icmp_module.PORT)
    ]
    return Neighbourhood(
        accept_ttls=tuple(ttls),
        answered=answered,
        unreachable=unreachable[0] if unreachable and not answered else None,
        rejected=rejected[0] if rejected else None,
    )


def judge(attempt: Attempt, around: Neighbourhood) -> Ruling:
    """Conclude what one attempt means."""
    if attempt.outcome in (ACCEPTED, ANSWERED):
        return _judge_dialogue(attempt, around)
    if attempt.outcome == NOT_SENT:
        return _judge_not_sent(attempt)
    if attempt.icmp is not None:
        return _judge_icmp(attempt, attempt.icmp)
    if attempt.outcome == FAILED:
        return _judge_error(attempt, around)
    return _judge_silence(attempt, around)


def _judge_dialogue(attempt: Attempt, around: Neighbourhood) -> Ruling:
    if attempt.target.protocol == TCP:
        rtt = "" if attempt.rtt_ms is None else f" in {attempt.rtt_ms:g} ms"
        opening = [Evidence("TCP handshake", f"completed{rtt}", _KERNEL)]
    else:
        opening = [Evidence("answer", f"after {attempt.rtt_ms:g} ms", _KERNEL)]
    opening += _accept_ttl(attempt, around)
    if attempt.broken_by_reset:
        return _judge_broken(attempt, opening)
    if attempt.answer is None:
        row = "silent"
        if attempt.unacknowledged:
            row = "filtered_after_accept"
            opening.append(Evidence("data sent", "never acknowledged, retransmitted", "TCP_INFO"))
        elif attempt.target.service == "4d":
            row = "4d_accepts"
            opening.append(
                Evidence(
                    "proof", "TCP accept alone was seen, 4D's protocol is not public", "flow_probe"
                )
            )
        else:
            opening.append(_what_was_heard(attempt))
        return Ruling(row, tuple(opening))
    answer = attempt.answer
    return Ruling(answer.row, tuple(opening) + answer.evidence, answer.words)


def _judge_broken(attempt: Attempt, opening: list[Evidence]) -> Ruling:
    """A reset in the middle of a dialogue: by whom?"""
    opening.append(Evidence("connection", "reset after the handshake", _KERNEL))
    if attempt.heard:
        opening.append(_what_was_heard(attempt))
    row = _BROKEN_ROWS.get(attempt.target.service, "closed")
    seen = attempt.seen
    if seen is None:
        return Ruling(row, (*opening, _MISSING))
    if seen.reset_ttl is not None and seen.accept_ttl is not None:
        opening.append(
            Evidence("TTL of RST and SYN-ACK", [seen.reset_ttl, seen.accept_ttl], _WITNESS)
        )
        if seen.reset_ttl != seen.accept_ttl:
            return Ruling("reset_by_box", tuple(opening))
    return Ruling(row, tuple(opening))


def _what_was_heard(attempt: Attempt) -> Evidence:
    if not attempt.heard:
        return Evidence("service", "silent until the time was up", "TCP")
    return Evidence("incomplete answer", printable(attempt.heard), "first bytes received")


def _accept_ttl(attempt: Attempt, around: Neighbourhood) -> list[Evidence]:
    if attempt.seen is None or attempt.seen.accept_ttl is None:
        return []
    mine = attempt.seen.accept_ttl
    evidence = [Evidence("TTL of SYN-ACK", mine, _WITNESS)]
    others = sorted(set(around.accept_ttls) - {mine})
    if others:
        evidence.append(
            Evidence(
                "TTL of SYN-ACK from other ports",
                others,
                _WITNESS
                + ": a box in between answers for some ports (transparent proxy, port forward)",
            )
        )
    return evidence


def _judge_not_sent(attempt: Attempt) -> Ruling:
    reason = os.strerror(attempt.errno)
    evidence = [Evidence("sending", f"refused by the kernel: {reason}", _KERNEL)]
    route = attempt.route
    if attempt.errno == errno.EPERM:
        return Ruling("blocked_locally", tuple(evidence))
    if attempt.errno == errno.EACCES and (route is None or route.kind != route_module.NONE):
        return Ruling("blocked_locally", tuple(evidence))
    if attempt.errno in (
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EACCES,
        errno.EADDRNOTAVAIL,
        errno.EINVAL,
        errno.ENODEV,
        errno.ENETDOWN,
    ):
        if route is not None:
            evidence.append(Evidence("route", str(route), "rtnetlink"))
        return Ruling("no_route_here", tuple(evidence), (("reason", reason),))
    return Ruling("error", tuple(evidence))


def _judge_icmp(attempt: Attempt, error: IcmpError) -> Ruling:
    source = (
        _WITNESS
        if attempt.seen is not None and attempt.seen.icmp is error
        else "socket error queue"
    )
    evidence = [Evidence("ICMP error", str(error), source)]
    words = (("source", error.source),)
    from_peer = error.source == attempt.address.text
    from_here = error.source == attempt.local and not from_peer
    if attempt.neighbour_silent:
        return _silent_neighbour(attempt, evidence)
    if from_here and error.kind in (icmp_module.PROHIBITED, icmp_module.PORT):
        evidence.append(Evidence("sender of the error", "this host itself", "own address"))
        return Ruling("blocked_locally", tuple(evidence))
    if from_here:
        return Ruling("no_route_here", tuple(evidence), (("reason", "this host itself says so"),))
    if error.kind == icmp_module.NO_ROUTE:
        return Ruling("no_route_beyond", tuple(evidence), words)
    if error.kind == icmp_module.EXPIRED:
        return Ruling("no_route_loop", tuple(evidence), words)
    if attempt.route is not None and attempt.route.kind == route_module.LOCAL:
        row = "refused_by_this_host" if error.kind == icmp_module.PORT else "blocked_locally_in"
        if attempt.target.protocol == TCP:
            row = "blocked_locally_in"
        return Ruling(row, tuple(evidence))
    evidence.append(
        Evidence(
            "sender of the error",
            "the far end itself" if from_peer else "a box in between",
            "its address",
        )
    )
    if from_peer and error.kind == icmp_module.PORT and attempt.target.protocol != TCP:
        return Ruling("refused_udp", tuple(evidence))
    # For TCP "port unreachable" is a reject rule as well: a closed port answers with RST (RFC
    # 9293 section 3.10.7).
    return Ruling("filtered_by_peer" if from_peer else "filtered_by_box", tuple(evidence), words)


def _judge_error(attempt: Attempt, around: Neighbourhood) -> Ruling:
    """The kernel reported an error, and no ICMP packet is at hand that explains it."""
    evidence = [Evidence("connection", os.strerror(attempt.errno), _KERNEL)]
    if attempt.neighbour_silent:
        return _silent_neighbour(attempt, evidence)
    if attempt.errno == errno.ECONNREFUSED:
        return _judge_refused(attempt, around, evidence)
    if attempt.errno == errno.ETIMEDOUT:
        return _judge_silence(attempt, around)
    if attempt.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES):
        if attempt.seen is None:
            evidence.append(_MISSING)
        words = (("source", "on the way"),)
        prohibited = attempt.errno == errno.EACCES
        return Ruling(
            "filtered_by_box" if prohibited else "no_route_beyond", tuple(evidence), words
        )
    if attempt.errno == errno.EPERM:
        return Ruling("blocked_locally", tuple(evidence))
    return Ruling("error", tuple(evidence))


def _judge_refused(attempt: Attempt, around: Neighbourhood, evidence: list[Evidence]) -> Ruling:
    """A reset answered the SYN. Its TTL against that of a SYN-ACK from the same host tells who
    sent it."""
    if attempt.route is not None and attempt.route.kind == route_module.LOCAL:
        return Ruling("refused_by_this_host", tuple(evidence))
    seen = attempt.seen
    if seen is None:
        if attempt.target.protocol == TCP:
            return Ruling("refused", (*evidence, _MISSING))
        return Ruling("refused", tuple(evidence))
    if not _left(attempt) and not attempt.witness_missed:
        evidence.append(
            Evidence("SYN", "did not leave this host, the reset was made here", _WITNESS)
        )
        return Ruling("blocked_locally", tuple(evidence))
    if seen.reset_ttl is None:
        return Ruling("refused", tuple(evidence))
    evidence.append(Evidence("TTL of RST", seen.reset_ttl, _WITNESS))
    evidence += _no_hop(attempt, seen.reset_ttl)
    if not around.accept_ttls:
        evidence.append(
            Evidence(
                "TTL to compare with", "none: no port of this host accepted a connection", _WITNESS
            )
        )
        return Ruling("refused", tuple(evidence))
    evidence.append(
        Evidence("TTL of SYN-ACK from other ports", sorted(set(around.accept_ttls)), _WITNESS)
    )
    if seen.reset_ttl not in around.accept_ttls:
        return Ruling("refused_by_box", tuple(evidence))
    # SYN-ACKs with different TTLs: a proxy answers for some ports, and may have sent this reset
    # too.
    same = len(set(around.accept_ttls)) == 1
    return Ruling("refused_by_peer" if same else "refused", tuple(evidence))


def _no_hop(attempt: Attempt, ttl: int) -> list[Evidence]:
    """A TTL that is still whole crossed no router that counts; a hint only, because some
    firewalls do not count."""
    route = attempt.route
    if route is None or not route.gateway or ttl not in _INITIAL_TTLS:
        return []
    shown = f"{ttl} is whole, although the way leads over {route.gateway}"
    return [Evidence("hops of the RST", shown, "rtnetlink")]


def _judge_silence(attempt: Attempt, around: Neighbourhood) -> Ruling:
    evidence = [Evidence("answer", "none until the time was up", _KERNEL)]
    if attempt.neighbour_silent:
        return _silent_neighbour(attempt, evidence)
    if attempt.target.protocol != TCP:
        return _judge_udp_silence(attempt, around, evidence)
    if attempt.seen is None:
        evidence.append(_MISSING)
    elif _left(attempt):
        evidence += _departure(attempt)
        if attempt.seen.accept_ttl is not None:
            evidence.append(
                Evidence("SYN-ACK", f"arrived with TTL {attempt.seen.accept_ttl}", _WITNESS)
            )
            return Ruling("blocked_locally_answer", tuple(evidence))
    elif attempt.witness_missed:
        evidence.append(Evidence("SYN", "not seen, but the packet buffer ran over", _WITNESS))
    else:
        evidence.append(Evidence("SYN", "did not leave this host", _WITNESS))
        return Ruling("blocked_locally", tuple(evidence))
    if attempt.route is not None and attempt.route.kind == route_module.LOCAL:
        evidence.append(Evidence("route", str(attempt.route), "rtnetlink"))
        return Ruling("blocked_locally_in", tuple(evidence))
    return _judge_lost(around, evidence)


def _judge_udp_silence(attempt: Attempt, around: Neighbourhood, evidence: list[Evidence]) -> Ruling:
    evidence.append(Evidence("datagrams sent", attempt.sent_count, "flow_probe"))
    if around.unreachable is not None:
        return _judge_lost(around, evidence)
    expected = attempt.target.service in ("quic", "token")
    return Ruling("no_answer" if expected else "no_answer_expected", tuple(evidence))


def _judge_lost(around: Neighbourhood, evidence: list[Evidence]) -> Ruling:
    """The packet left and was lost; routers limit their ICMP errors, so those of the other probes
    count too."""
    if around.unreachable is not None:
        evidence.append(Evidence("ICMP error for another port", str(around.unreachable), _WITNESS))
        return Ruling("no_route_shared", tuple(evidence), (("source", around.unreachable.source),))
    if around.rejected is not None:
        evidence.append(Evidence("ICMP error for another port", str(around.rejected), _WITNESS))
    if around.answered:
        evidence.append(Evidence("other ports of this host", "answer", _KERNEL))
    return Ruling("filtered_alive" if around.answered else "filtered", tuple(evidence))


def _silent_neighbour(attempt: Attempt, evidence: Sequence[Evidence]) -> Ruling:
    version6 = ":" in attempt.neighbour_silent
    question = "neighbour solicitation" if version6 else "ARP"
    found = Evidence(question, f"{attempt.neighbour_silent} does not answer", "rtnetlink")
    words = (("neighbour", attempt.neighbour_silent), ("question", question))
    return Ruling("no_route_neighbour", (*evidence, found), words)


def _left(attempt: Attempt) -> bool:
    return attempt.seen is not None and bool(attempt.seen.left_for)


def _departure(attempt: Attempt) -> list[Evidence]:
    evidence = [Evidence("SYN", "left this host", _WITNESS)]
    intended = (attempt.address.text, attempt.target.port)
    places = attempt.seen.left_for if attempt.seen is not None else []
    rewritten = [f"{host} port {port}" for host, port in places if (host, port) != intended]
    if rewritten:
        evidence.append(Evidence("destination rewritten here (DNAT)", rewritten, _WITNESS))
    return evidence
