# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe many targets at once and conclude what each result means."""

from __future__ import annotations

import dataclasses
import resource
import socket
import time
from typing import Any, Mapping, Sequence

from .._model.errors import InputError, Problem
from .._model.verdict import FAIL, Evidence
from . import route
from .attempt import FAILED, TIMED_OUT, Attempt
from .conclude import make_verdict, rank
from .judge import Neighbourhood, Ruling, judge, neighbourhood
from .loop import Happened, Loop, Steps, Task, pause
from .resolve import Resolution, Resolver, name_servers
from .target import AUTO, FAMILIES, TCP, Target, parse_targets, parse_timeout
from .tcp import probe_tcp
from .udp import probe_udp
from .verdicts import NO_ROUTE, ROWS
from .witness import Witness

# Every probe at the same instant looks like an attack; 2,500 a second is over long before the
# time is up.
_BURST = 50
_BURST_PAUSE = 0.02
_SPARE_DESCRIPTORS = 64
_DESCRIPTORS_PER_TARGET = 5

_NAME_UNKNOWN = (
    socket.EAI_NONAME,
    getattr(socket, "EAI_NODATA", -5),
    getattr(socket, "EAI_ADDRFAMILY", -9),
)


@dataclasses.dataclass
class _Probe:
    """One target on its way from a name to attempts."""

    target: Target
    resolution: Resolution | None = None
    attempts: list[Attempt] = dataclasses.field(default_factory=list)
    error: str = ""


def probe(
    targets: Sequence[Mapping[str, Any]], timeout: float = 5.0, family: str = AUTO
) -> list[dict[str, Any]]:
    """Probe `targets` (mappings as in flow_probe's option of that name) and return its
    C(results), in the same order.

    Takes about `timeout` seconds at most, however many targets there are. Raises `InputError`
    with every mistake.
    """
    parsed = parse_targets(targets, family)
    if family not in FAMILIES:
        raise InputError(
            [Problem("family", f"{family!r} is not one of {', '.join(FAMILIES)}")],
            "nothing was sent",
        )
    return probe_parsed(parsed, parse_timeout(timeout), family)


def probe_parsed(targets: Sequence[Target], timeout: float, family: str) -> list[dict[str, Any]]:
    """Do the same for targets that have been read already."""
    probes = [_Probe(target) for target in targets]
    limits = _raise_descriptor_limit(len(targets))
    loop = Loop()
    witness = _open_witness()
    resolver = Resolver(loop, family)
    try:
        if witness is not None:
            loop.spawn(witness.watch(), background=True)
        loop.spawn(_start_all(loop, probes, resolver, witness, time.monotonic() + timeout))
        loop.run()
        _complete(probes, witness)
    finally:
        loop.close()
        resolver.close()
        if witness is not None:
            witness.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    return _conclude(probes, witness is not None)


def not_probed(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return the results of check mode: nothing was sent."""
    evidence = (Evidence("probe", "check mode sends nothing", "flow_probe"),)
    results = []
    for target in targets:
        ruling = Ruling("check_mode", evidence) if target.host else _NO_ENDPOINT
        results.append(_result(_Probe(target), ruling, None, True))
    return results


_NO_ENDPOINT = Ruling("no_endpoint", (Evidence("host", "no endpoint given", "target"),))


def _open_witness() -> Witness | None:
    try:
        return Witness()
    except OSError:
        return None


def _raise_descriptor_limit(targets: int) -> tuple[int, int]:
    """Make room for the sockets; returns the limits as they were."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _SPARE_DESCRIPTORS + targets * _DESCRIPTORS_PER_TARGET
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    return soft, hard


def _start_all(
    loop: Loop, probes: list[_Probe], resolver: Resolver, witness: Witness | None, until: float
) -> Steps[None]:
    tasks = []
    for number, entry in enumerate(probes):
        if not entry.target.host:
            continue
        tasks.append((entry, loop.spawn(_run(loop, entry, resolver, witness, until))))
        if number % _BURST == _BURST - 1:
            yield from pause(time.monotonic() + _BURST_PAUSE)
    for entry, task in tasks:
        yield from _join(task)
        if task.error is not None:
            entry.error = f"{type(task.error).__name__}: {task.error}"


def _join(task: Task[None]) -> Steps[None]:
    yield Happened(task.done, float("inf"))


def _run(
    loop: Loop, entry: _Probe, resolver: Resolver, witness: Witness | None, until: float
) -> Steps[None]:
    """Resolve one target and try all its addresses at the same time."""
    entry.resolution = yield from resolver.resolve(entry.target.host, until)
    entry.attempts = [Attempt(entry.target, address) for address in entry.resolution.addresses]
    tasks = []
    for attempt in entry.attempts:
        if entry.target.protocol == TCP:
            tasks.append(loop.spawn(probe_tcp(attempt, until, witness)))
        else:
            tasks.append(loop.spawn(probe_udp(attempt, until)))
    for task in tasks:
        yield from _join(task)
        if task.error is not None:
            raise task.error


def _complete(probes: Sequence[_Probe], witness: Witness | None) -> None:
    """Add what is known only at the end: late packets, routes and neighbours of what did not get
    through."""
    missed = False
    if witness is not None:
        witness.drain()
        missed = witness.missed_packets()
    for entry in probes:
        for attempt in entry.attempts:
            attempt.witness_missed = missed
            if attempt.seen is not None and attempt.icmp is None:
                attempt.icmp = attempt.seen.icmp
            if attempt.outcome not in (FAILED, TIMED_OUT) and not attempt.errno:
                continue
            address = attempt.address
            way = attempt.route or route.look_up(
                address.family, address.text, entry.target.interface
            )
            attempt.route = way
            attempt.neighbour_silent = _silent_neighbour(attempt, way)


def _silent_neighbour(attempt: Attempt, way: route.Route) -> str:
    """Return the next hop when it answers no ARP and nothing of ours was therefore sent, else an
    empty string."""
    if way.kind != route.UNICAST or (attempt.seen is not None and attempt.seen.left_for):
        return ""
    next_hop = way.gateway or attempt.address.text
    family = socket.AF_INET6 if ":" in next_hop else socket.AF_INET
    silent = route.neighbour_is_silent(family, next_hop, way.interface_index)
    return next_hop if silent else ""


def _conclude(probes: Sequence[_Probe], witnessed: bool) -> list[dict[str, Any]]:
    by_address: dict[str, list[Attempt]] = {}
    for entry in probes:
        for attempt in entry.attempts:
            by_address.setdefault(attempt.address.text, []).append(attempt)
    around = {address: neighbourhood(found) for address, found in by_address.items()}
    results = []
    for entry in probes:
        ruling, chosen = _rule(entry, around)
        results.append(_result(entry, ruling, chosen, witnessed))
    return results


def _rule(entry: _Probe, around: Mapping[str, Neighbourhood]) -> tuple[Ruling, Attempt | None]:
    """Conclude one target: the best of its addresses counts, with a remark when others failed."""
    if not entry.target.host:
        return _NO_ENDPOINT, None
    if entry.error:
        return Ruling("error", (Evidence("probe", entry.error, "flow_probe"),)), None
    if not entry.attempts:
        return _rule_name(entry.target, entry.resolution or Resolution(late=True)), None
    rulings = [
        (judge(attempt, around[attempt.address.text]), attempt) for attempt in entry.attempts
    ]
    best, chosen = min(rulings, key=lambda pair: rank(pair[0].row))
    others = [pair for pair in rulings if pair[1] is not chosen]
    evidence = best.evidence + tuple(
        Evidence("other address", f"{attempt.address.text}: {ROWS[ruling.row].name}", "flow_probe")
        for ruling, attempt in others
    )
    failed = [
        attempt.address.text
        for ruling, attempt in others
        if ROWS[ruling.row].status == FAIL and ROWS[ruling.row].name != NO_ROUTE
    ]
    row = "open_elsewhere" if best.row == "open" and failed else best.row
    words = (*best.words, ("failed", ", ".join(failed)))
    return dataclasses.replace(best, row=row, evidence=evidence, words=words), chosen


def _rule_name(target: Target, resolution: Resolution) -> Ruling:
    servers = name_servers()
    evidence = (
        Evidence("name", f"{target.host}: {resolution.message or 'no address'}", "getaddrinfo"),
        Evidence("name servers", list(servers), "/etc/resolv.conf"),
    )
    words = (("servers", ", ".join(servers) or "none configured"),)
    unknown = not resolution.late and resolution.error in (0, *_NAME_UNKNOWN)
    return Ruling("dns_unknown" if unknown else "dns_silent", evidence, words)


def _result(
    entry: _Probe, ruling: Ruling, attempt: Attempt | None, witnessed: bool
) -> dict[str, Any]:
    target = entry.target
    words: dict[str, Any] = {
        "protocol": target.protocol.upper(),
        "port": target.port,
        "host": target.host,
        "service": target.service if target.service != "none" else "a service",
        "address": attempt.shown if attempt is not None else target.host,
        "local": attempt.local if attempt is not None and attempt.local else "this host",
    }
    words.update(ruling.words)
    route = attempt.route if attempt is not None else None
    verdict = make_verdict(ruling.row, ruling.evidence, words, witnessed)
    return {
        "id": target.id,
        "host": target.host,
        "address": attempt.address.text if attempt is not None else "",
        "port": target.port,
        "protocol": target.protocol,
        "service": target.service,
        "interface": route.interface if route is not None else "",
        "source": route.source if route is not None else "",
        "rtt_ms": attempt.rtt_ms if attempt is not None else None,
        **verdict.as_dict(),
    }
