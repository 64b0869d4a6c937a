# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proofs of one firm as JUnit XML, for a CI server: one test suite for each host, one test case
for each proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    FAIL,
    NONE,
    PASS,
)

from ..report import counted
from .documents import of_one_firm
from .model import Missing, Row
from .text import inert, shown, visible


def junit_xml(
    documents: Sequence[Mapping[str, Any]], missing: Sequence[Missing] = (), firm: str = ""
) -> str:
    """Return the XML. C(fail) is a failure, C(none) is skipped with its reason, C(warn) passes with
    its fix as output; a host without a result is an error.

    Raises `InputError` for what is no evidence, and for evidence of several firms.
    """
    known = of_one_firm(documents)
    root = ElementTree.Element("testsuites", name=visible(known[0]["firm"] if known else firm))
    for document in known:
        _add_host(root, document)
    for item in missing:
        _add_missing(root, item)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
    return inert(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _add_host(root: ElementTree.Element, document: Mapping[str, Any]) -> None:
    rows = document["flows"]
    counts = counted(rows)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=visible(document["host"]),
        tests=str(len(rows)),
        failures=str(counts[FAIL]),
        errors="0",
        skipped=str(counts[NONE]),
        timestamp=visible(document["time"]),
    )
    for row in rows:
        seen_from = f" from {row['from']}" if row["from"] else ""
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=visible(f"{document['host']}.{row['scenario']}"),
            name=visible(f"{row['flow']}/{row['port']}{seen_from}"),
        )
        _add_outcome(case, row)


def _add_outcome(case: ElementTree.Element, row: Row) -> None:
    text = "\n".join([row["fix"], *(_fact(item) for item in row["evidence"])]).strip()
    if row["status"] == FAIL:
        failure = ElementTree.SubElement(
            case,
            "failure",
            type=visible(row["verdict"]),
            message=visible(f"{row['verdict']}: {row['fix']}"),
        )
        failure.text = visible(text)
    elif row["status"] == NONE:
        ElementTree.SubElement(case, "skipped", message=visible(text or row["verdict"]))
    elif row["status"] != PASS:
        ElementTree.SubElement(case, "system-out").text = visible(text)


def _add_missing(root: ElementTree.Element, item: Missing) -> None:
    suite = ElementTree.SubElement(
        root, "testsuite", name=visible(item.host), tests="1", failures="0", errors="1", skipped="0"
    )
    what = ", ".join(item.scenarios) or "all"
    case = ElementTree.SubElement(
        suite, "testcase", classname=visible(item.host), name=visible(f"result of {what}")
    )
    message = "nothing was proved: the host was not reached, or a task before the proof failed"
    ElementTree.SubElement(case, "error", type="no_result", message=message)


def _fact(item: Mapping[str, Any]) -> str:
    return f"{item['what']}: {shown(item['value'])} ({item['source']})"
