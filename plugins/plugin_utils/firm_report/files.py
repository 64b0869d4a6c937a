# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a report on each firm consists of, from the evidence of many."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from ..report import SCENARIOS, without_proof
from ..scenario import names_directory
from .documents import checked
from .html import firm_page
from .junit import junit_xml
from .model import Missing
from .text import languages

JUNIT = "junit.xml"


def page_name(language: str) -> str:
    """Return the name of the page: C(report.html) in English, C(report.de.html) in German."""
    return "report.html" if language == "en" else f"report.{language}.html"


def firm_files(
    firm: str, documents: Sequence[Mapping[str, Any]], missing: Sequence[Missing] = ()
) -> dict[str, str]:
    """Return the content of each file of the report on one firm, by its name."""
    files = {
        page_name(language): firm_page(documents, language, missing, firm)
        for language in languages()
    }
    return {**files, JUNIT: junit_xml(documents, missing, firm)}


def report_files(documents: Sequence[Any], report_dir: str) -> list[dict[str, str]]:
    """Return C(path) and C(content) of every file of the reports on all firms in `documents`.

    Raises `InputError` for what is no evidence.
    """
    firms: dict[str, list[dict[str, Any]]] = {}
    for document in checked(documents):
        firms.setdefault(document["firm"], []).append(document)
    return [
        {"path": posixpath.join(report_dir, firm, name), "content": content}
        for firm, known in firms.items()
        for name, content in firm_files(firm, known).items()
    ]


def play_files(hosts: Sequence[str], hostvars: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the same from the evidence of a play's hosts, in the directories that their roles were
    given. A host without evidence stands in the report of each firm that its variables name.
    """
    found: dict[str, tuple[str, list[Mapping[str, Any]], list[Missing]]] = {}
    for host in hosts:
        for directory, document in (hostvars[host].get("scenario_documents") or {}).items():
            found.setdefault(directory, (document["firm"], [], []))[1].append(document)
    for host, lacking in without_proof(hosts, hostvars):
        for directory, firm in _places(hostvars[host], lacking).items():
            found.setdefault(directory, (firm, [], []))[2].append(Missing(host, tuple(lacking)))
    return [
        {"path": posixpath.join(directory, name), "content": content}
        for directory, (firm, documents, missing) in found.items()
        for name, content in firm_files(firm, documents, missing).items()
    ]


def _places(variables: Mapping[str, Any], scenarios: Sequence[str]) -> dict[str, str]:
    """Return the firm by directory, as the variables of a host have them that no role has seen."""
    places = {}
    for scenario in scenarios or SCENARIOS:
        report_dir = variables.get(f"{scenario}_report_dir")
        firm = variables.get(f"{scenario}_firm", "firm")
        if report_dir and names_directory(firm):
            places[posixpath.normpath(f"{report_dir}/{firm}")] = firm
    return places
