# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From evidence to what the page and the JUnit file say."""

from __future__ import annotations

import copy
import html.parser
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from unit.plugins.plugin_utils.firm_report import sample

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report import model
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.documents import (
    read_documents,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.files import (
    play_files,
    report_files,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.html import firm_page
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.junit import (
    junit_xml,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.model import (
    Missing,
    page_of,
)

GOLDEN = Path(__file__).parent / "golden"


class Reader(html.parser.HTMLParser):
    """Collects text, and every element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self._style = False
        self.feed(page)
        self.text = " ".join(" ".join(self.parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.parts.append(data)


def one_row(status: str, verdict: str = "open", **more: Any) -> dict[str, Any]:
    """Return the evidence of a host with a single proof."""
    document = copy.deepcopy(sample.good_firm()[1])
    row = {**document["flows"][0], "status": status, "verdict": verdict, **more}
    return {**document, "flows": [row], "ftp": [], "changes": []}


MOVED_NOTHING = {"scenario": "classic", "from": "pc", "verdict": "dns_failed", "status": "fail"}


def golden(name: str, content: str) -> None:
    """Hold `content` against a file; C(UPDATE_GOLDEN=1) writes it anew."""
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(content, encoding="utf-8")
    assert content == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "de"])
def test_golden_page(language: str) -> None:
    """A reviewer sees what a change does to the page. A small firm; the style is not repeated."""
    classic = sample.settings("classic", email_interface=False)
    slow = sample.download([30.0, 60.0, 0.0, 0.0, 0.0, 60.0], size=20 << 20, end="stall")
    document = sample.document(
        "server", classic, {"update_sftp": "refused_by_peer"}, whole=slow, change=sample.CHANGE
    )
    page = firm_page([document], language, [Missing("archive", ("classic",))])
    before, _style, rest = page.partition("<style>")
    golden(f"small.{language}.html", before + "<style>" + rest[rest.index("</style>") :])


@pytest.mark.parametrize(
    ("documents", "missing", "answer"),
    [
        ([one_row("pass")], [], model.ALL_WELL),
        ([one_row("pass"), one_row("warn")], [], model.REMARKS),
        ([one_row("pass"), one_row("none")], [], model.UNTESTED),
        ([one_row("pass")], [Missing("lost")], model.UNTESTED),
        ([one_row("none")], [], model.NOTHING),
        ([], [Missing("lost")], model.NOTHING),
        ([one_row("pass"), one_row("none"), one_row("fail")], [Missing("lost")], model.WORK),
    ],
)
def test_the_answer_is_never_better_than_the_worst(
    documents: list[Any], missing: list[Missing], answer: str
) -> None:
    assert page_of("firm", documents, missing).answer == answer
    assert f'class="answer {answer}"' in firm_page(documents, "en", missing, "firm")


def test_the_first_sentence_says_what_needs_work() -> None:
    text = Reader(firm_page(sample.bad_firm(), "en")).text
    assert "Work is needed: 8 of 39 checks failed. Affected: licence and update notices," in text
    text = Reader(firm_page(sample.bad_firm(), "de")).text
    assert "Handlungsbedarf: 8 von 39 Prüfungen sind nicht bestanden. Betroffen: Lizenz" in text


def test_proofs_with_one_cause_are_one_finding_with_one_fix() -> None:
    found = page_of("firm", sample.bad_firm()).findings["fail"]
    mail = next(item for item in found if item.areas == ["mail"])
    assert (mail.ports, mail.provers, len(mail.rows)) == ("TCP 465, 587, 993, 995", ["server"], 4)
    assert len(mail.fixes) == 1
    assert mail.fixes[0].startswith("Allow outbound TCP ports 465, 587, 993, 995 from this host")
    assert sum(len(item.rows) for item in found) == 8


def test_fixes_that_differ_in_more_than_the_port_stay_apart() -> None:
    rows = [
        {"port": "80", "fix": "Open port 80."},
        {"port": "443", "fix": "Ask about port 443."},
        {"port": "8080", "fix": "Open port 80, not this one."},
    ]
    assert model.Finding(tuple(rows)).fixes == [row["fix"] for row in rows]


def test_what_was_not_tested_names_the_download_beside_its_port() -> None:
    document = one_row("none", "not_probed", flow="update_ftp", port="21")
    document["flows"].append({**document["flows"][0], "port": "download"})
    text = Reader(firm_page([document], "en")).text
    assert "Update server (FTP), Download of an update package" in text


@pytest.mark.parametrize(
    ("holds", "said"),
    [("empty", "is empty."), ("this host only", "names this host only, which cannot")],
)
def test_a_variable_that_names_nobody_else_is_not_called_empty(holds: str, said: str) -> None:
    given = [{"what": "probe_from", "value": holds, "source": "role variable"}]
    page = firm_page([one_row("none", "not_probed", evidence=given, fix="")])
    assert f"_probe_from {said}" in page


def test_a_transfer_that_never_began_is_still_known_by_what_it_proves() -> None:
    document = one_row("fail", "control_port_blocked")
    common = {"scenario": "classic", "from": "server", "verdict": "control_port_blocked"}
    proofs = ("update_ftp/download", "update_ftp_data/20")
    document["ftp"] = [{**common, "status": "fail", "modes": {}, "proves": it} for it in proofs]
    page = page_of(document["firm"], [document])
    assert [transfer.active for transfer in page.transfers] == [False, True]


def test_a_host_without_a_result_is_named() -> None:
    missing = [Missing("archive"), Missing("gateway", ("classic",))]
    text = Reader(firm_page(sample.good_firm(), "en", missing)).text
    assert "2 hosts gave no result: archive and gateway." in text
    assert "gateway: nothing of Classic was proved" in text


def test_check_mode_does_not_claim_a_change() -> None:
    document = sample.document(
        "server", sample.settings("classic"), {}, change=sample.CHANGE, check_mode=True
    )
    text = Reader(firm_page([document], "en")).text
    assert "nothing was sent and nothing was changed" in text
    assert "the firewall rules would be changed" in text
    assert "rules were changed" not in text


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_a_server_sent_is_text_and_nothing_else(language: str) -> None:
    page = firm_page(sample.hostile_firm(), language)
    read = Reader(page)
    allowed = {"html", "head", "meta", "title", "style", "body", "header", "main", "section"}
    allowed |= {"h1", "h2", "h3", "p", "b", "span", "ul", "ol", "li", "dl", "dt", "dd", "div"}
    allowed |= {"details", "summary", "pre", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    allowed |= {"article", "figure", "figcaption", "svg", "desc", "defs", "pattern", "path"}
    assert {tag for tag, _attributes in read.elements} - allowed - {"text", "rect"} == set()
    assert not [item for item in read.elements if any(name.startswith("on") for name in item[1])]
    assert not [item for item in read.elements if {"src", "href", "style"} & item[1].keys()]
    assert "<script src=x onload=alert(0)>" in read.text
    assert "220 <img src=http://evil.example/x onerror=alert(1)>" in read.text
    assert "\\x1b[31m \\u202etxt.exe {{ lookup('pipe', 'id') }}" in read.text
    assert not {"{{", "{%", "{#"} & {page[at : at + 2] for at in range(len(page))}
    assert not {"\x1b", "\u202e", "\x00"} & set(page)


def test_english_from_the_modules_is_marked_in_the_german_page() -> None:
    page = firm_page(sample.bad_firm(), "de")
    assert '<html lang="de-CH">' in page
    assert '<dd><span lang="en">Allow outbound TCP ports 465' in page
    assert ' lang="en"' not in firm_page(sample.bad_firm(), "en").partition("<body>")[2]


def test_a_flow_and_a_verdict_of_a_later_release_keep_their_ids() -> None:
    page = firm_page([one_row("fail", "new_verdict", flow="new_flow", impact="all stops")], "de")
    read = Reader(page)
    assert "new_flow" in read.text
    assert "new_verdict" in read.text
    assert '<dd lang="en">all stops</dd>' in page


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({**one_row("pass"), "schema": "other/9"}, "document 1: has the schema 'other/9'"),
        ("text", "document 1: is no evidence document"),
        ({**one_row("pass"), "flows": [{}]}, "document 1, flows 1: lacks scenario, flow, port,"),
        ({**one_row("pass"), "ftp": "x"}, "document 1: ftp is not a list"),
        ({**one_row("pass"), "firm": "../../etc"}, "which cannot name a directory"),
        (
            one_row("pass", evidence=[{"what": "SYN"}]),
            "document 1, flows 1, evidence 1: lacks value, source:",
        ),
        (
            {**one_row("pass"), "ftp": [{**MOVED_NOTHING, "bytes": 7}]},
            "document 1, ftp 1: lacks size, seconds, mbit, worst_window_mbit, verified:",
        ),
        (one_row("maybe"), "document 1, flows 1: has the status 'maybe', this release knows pass,"),
    ],
)
def test_what_is_no_evidence_is_refused(document: Any, complaint: str) -> None:
    for make in (firm_page, junit_xml, lambda documents: report_files(documents, "reports")):
        with pytest.raises(InputError) as caught:
            make([document])
        assert complaint in caught.value.message
        assert "no report was written" in caught.value.message


def test_evidence_of_two_firms_makes_no_page() -> None:
    with pytest.raises(InputError, match="documents: of 2 firms"):
        firm_page([*sample.good_firm(), *sample.bad_firm()])


def test_every_file_that_is_no_evidence_is_named() -> None:
    with pytest.raises(InputError) as caught:
        read_documents({"a.json": "{", "b.json": "[]", "c.json": "{}"})
    assert [problem.where for problem in caught.value.problems] == ["a.json", "b.json", "c.json"]


def test_a_copy_of_a_firms_evidence_is_not_counted_twice() -> None:
    """As of somebody who keeps last month's directory beside the present one."""
    text = json.dumps(one_row("fail"))
    with pytest.raises(InputError) as caught:
        read_documents({"out/b/pc.json": text, "out/b-2026-01/pc.json": text})
    assert "out/b-2026-01/pc.json: is on host" in caught.value.message
    assert "as out/b/pc.json is: move one away" in caught.value.message


def test_junit_has_one_case_for_each_proof() -> None:
    root = ElementTree.fromstring(junit_xml(sample.bad_firm(), [Missing("archive")]).encode())
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["gateway", "server", "workstation", "archive"]
    counts = {
        name: [suite.get(key) for key in ("tests", "failures", "skipped", "errors")]
        for name, suite in suites.items()
    }
    assert counts["gateway"] == ["11", "6", "0", "0"]
    assert counts["archive"] == ["1", "0", "0", "1"]
    cases = {case.get("name"): case for case in suites["gateway"]}
    failure = cases["mail_submission/465 from server"].find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("filtered: Allow outbound TCP port 465")
    assert "no answer to 4 SYN in 5.0 s" in (failure.text or "")
    assert cases["update_sftp/22 from server"].find("system-out") is not None
    assert len(cases["update_ftp/21 from server"]) == 0
    skipped = suites["server"].find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "announce_to: empty (role variable)"


def test_junit_of_a_hostile_server_can_be_read() -> None:
    text = junit_xml(sample.hostile_firm())
    assert "{{" not in text
    root = ElementTree.fromstring(text.encode())
    failure = root.find(".//failure")
    assert failure is not None
    assert "<script>alert(2)</script> \\x1b[31m" in (failure.text or "")


def test_each_firm_has_files_of_its_own() -> None:
    files = {
        item["path"]: item["content"]
        for item in report_files([*sample.good_firm(), *sample.bad_firm()], "reports")
    }
    names = ("report.de.html", "report.html", "junit.xml")
    firms = ("Beispiel Rechtsanwälte", "Muster & Partner Rechtsanwälte AG")
    assert list(files) == [f"reports/{firm}/{name}" for firm in firms for name in names]
    assert "Muster" not in files["reports/Beispiel Rechtsanwälte/report.html"]


def test_files_of_a_play_go_where_the_roles_were_told_and_name_lost_hosts() -> None:
    gateway, workstation = sample.good_firm()
    firm = "Beispiel Rechtsanwälte"
    groups = {"group_names": ["timesensor_classic"]}
    hostvars = {
        "gateway": {"scenario_documents": {f"out/{firm}": gateway}, "scenario_evidence": gateway},
        "workstation": {"scenario_evidence": workstation},  # no report_dir: nothing is written
        "lost": {**groups, "classic_report_dir": "out", "classic_firm": firm},
        "alone": {**groups, "classic_report_dir": "./other/"},
        # The whole of report_dir is this firm's.
        "unnamed": {**groups, "classic_report_dir": "own", "classic_firm": ""},
        "escaped": {**groups, "classic_report_dir": "out", "classic_firm": "a/../../b"},
        "silent": groups,
    }
    files = {item["path"]: item["content"] for item in play_files(list(hostvars), hostvars)}
    assert {path.rpartition("/")[0] for path in files} == {f"out/{firm}", "other/firm", "own"}
    text = Reader(files[f"out/{firm}/report.html"]).text
    assert "1 host gave no result: lost." in text
    assert "workstation" not in text
    text = Reader(files["other/firm/report.html"]).text
    assert "Nothing was tested" in text
    assert "1 host gave no result: alone." in text
