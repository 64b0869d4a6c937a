# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page on one firm shows: the answer, what to do, and the details. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    NONE,
    PASS,
    WARN,
)

from ..proof import ACTIVE_DATA, DOWNLOAD
from ..report import counted
from ..scenario import INBOUND_SUFFIX
from .curve import Curve, curve_of

Row = Mapping[str, Any]
STATUSES = (FAIL, WARN, NONE, PASS)

# How fixes name the port that they are about, and what stands for it while they are compared.
_PORT = re.compile(r"\bport (\d+)\b")
_PORTS = "port {ports}"

# The answer, best news last.
NOTHING, WORK, REMARKS, UNTESTED, ALL_WELL = ("nothing", "work", "remarks", "untested", "well")


@dataclasses.dataclass(frozen=True)
class Missing:
    """A host that has no evidence of this run, or none of some `scenarios`."""

    host: str
    scenarios: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Finding:
    """Proofs that ended alike for one reason, so that a reader meets it once.

    `flows` and `ports` keep the table's order; `provers` are the hosts that tried.
    """

    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def areas(self) -> list[str]:
        return _unique(area(row["flow"]) for row in self.rows)

    @property
    def flows(self) -> list[str]:
        return _unique(flow_key(row) for row in self.rows)

    @property
    def ports(self) -> str:
        """The ports by protocol: C(TCP 465, 587 / UDP 19813)."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            protocol, _space, port = port_text(row).rpartition(" ")
            found.setdefault(protocol, []).append(port)
        return " / ".join(
            f"{protocol} {', '.join(_unique(ports))}".strip() for protocol, ports in found.items()
        )

    @property
    def provers(self) -> list[str]:
        return _unique(row["from"] for row in self.rows if row["from"])

    @property
    def fixes(self) -> list[str]:
        """Each fix once; those that differ in the port alone are one, with all ports."""
        ports: dict[str, list[str]] = {}
        for row in self.rows:
            fix = row["fix"]
            match = _PORT.search(fix)
            if match and match[1] == row["port"]:
                fix = _PORT.sub(_PORTS, fix, count=1)
            if fix:
                ports.setdefault(fix, []).append(row["port"])
        texts = []
        for text, found in ports.items():
            known = _unique(found)
            plural = "s" if len(known) > 1 else ""
            texts.append(text.replace(_PORTS, f"port{plural} {', '.join(known)}"))
        return texts

    @property
    def impacts(self) -> list[Row]:
        """One row for each thing that breaks."""
        return list({row["impact"]: row for row in self.rows}.values())


@dataclasses.dataclass(frozen=True)
class Transfer:
    """One transfer, on the `host` whose scenario it proves."""

    host: str
    data: Mapping[str, Any]
    curve: Curve | None

    @property
    def active(self) -> bool:
        """Whether it is the short one that proves port 20."""
        return self.data.get("proves") == ACTIVE_DATA


@dataclasses.dataclass(frozen=True)
class Host:
    """One host and what was proved and changed for it. `amounts` are the transfers that proved a
    row, by its position."""

    name: str
    document: Mapping[str, Any]
    transfers: tuple[Transfer, ...]
    amounts: Mapping[int, Transfer]

    @property
    def rows(self) -> Sequence[Row]:
        return tuple(self.document["flows"])

    @property
    def scenarios(self) -> list[str]:
        return _unique(row["scenario"] for row in self.rows)


@dataclasses.dataclass(frozen=True)
class Page:
    """Everything that the page on one firm shows."""

    firm: str
    hosts: tuple[Host, ...]
    missing: tuple[Missing, ...]
    answer: str
    counts: Mapping[str, int]
    findings: Mapping[str, tuple[Finding, ...]]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def time(self) -> str:
        """When the last host was done; empty without any."""
        return max((str(host.document["time"]) for host in self.hosts), default="")

    @property
    def transfers(self) -> list[Transfer]:
        return [transfer for host in self.hosts for transfer in host.transfers]

    @property
    def areas_with_work(self) -> list[str]:
        return _unique(name for finding in self.findings[FAIL] for name in finding.areas)

    @property
    def check_mode(self) -> bool:
        return any(host.document["check_mode"] for host in self.hosts)


def page_of(
    firm: str, documents: Sequence[Mapping[str, Any]], missing: Sequence[Missing] = ()
) -> Page:
    """Return the page on one firm from the documents of its hosts, and the hosts without any."""
    hosts = tuple(_host(document) for document in documents)
    rows = [row for host in hosts for row in host.rows]
    counts = counted(rows)
    return Page(
        firm=firm,
        hosts=hosts,
        missing=tuple(missing),
        answer=_answer(counts, missing),
        counts=counts,
        findings={status: _findings(rows, status) for status in (FAIL, WARN, NONE)},
    )


def area(flow: str) -> str:
    """Return the part of the application that a flow belongs to: C(licence), C(update), C(mail) or
    C(db)."""
    return flow.partition("_")[0]


def flow_key(row: Row) -> str:
    """Return the flow as the words know it: the download is one of its own."""
    return "update_download" if _is_download(row) else str(row["flow"])


def base_flow(flow: str) -> str:
    """Return the flow of the table that an inbound one is made from, others as they are."""
    return flow.removesuffix(INBOUND_SUFFIX)


def port_text(row: Row) -> str:
    port = "21" if _is_download(row) else row["port"]
    return f"{str(row.get('protocol', '')).upper()} {port}".strip()


def _is_download(row: Row) -> bool:
    return f"{row['flow']}/{row['port']}" == DOWNLOAD


def _answer(counts: Mapping[str, int], missing: Sequence[Missing]) -> str:
    """Never good news while something failed or a host was not reached."""
    if counts[FAIL]:
        return WORK
    if not counts[PASS] + counts[WARN]:
        return NOTHING
    if counts[NONE] or missing:
        return UNTESTED
    return REMARKS if counts[WARN] else ALL_WELL


def _findings(rows: Sequence[Row], status: str) -> tuple[Finding, ...]:
    """Group the rows of one status: by host and verdict, and for what was not tested by reason."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row["status"] == status:
            groups.setdefault(_reason(row), []).append(row)
    return tuple(Finding(tuple(group)) for group in groups.values())


def _reason(row: Row) -> tuple[str, ...]:
    if row["status"] == NONE:
        # The role variable that is empty, or the host that has no result.
        named = row["evidence"][0]["what"] if row["evidence"] else ""
        return (row["host"], row["scenario"], str(named), row.get("direction", ""))
    return (
        row["host"],
        row["scenario"],
        row["verdict"],
        row.get("direction", ""),
        row.get("destination", ""),
        area(row["flow"]),
        "download" if _is_download(row) else "",
    )


def _host(document: Mapping[str, Any]) -> Host:
    name = str(document["host"])
    # The short transfer that proves port 20 has no curve worth looking at.
    transfers = tuple(
        Transfer(name, item, None if item.get("proves") == ACTIVE_DATA else curve_of(item))
        for item in document["ftp"]
    )
    sent = {
        (item.data["scenario"], item.data["from"], item.data.get("proves")): item
        for item in transfers
        if item.data.get("bytes")
    }
    keys = (
        (row["scenario"], row["from"], f"{row['flow']}/{row['port']}") for row in document["flows"]
    )
    amounts = {position: sent[key] for position, key in enumerate(keys) if key in sent}
    return Host(name, document, transfers, amounts)


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
