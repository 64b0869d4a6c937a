# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the evidence of many firms."""

from __future__ import annotations

import sys

import pytest
from unit.plugins.plugin_utils.firm_report import sample

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    TimesensorError,
    UnsupportedError,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.evidence_query import (
    NAMED,
    evidence_query,
)

DOCUMENTS = [*sample.bad_firm(), *sample.good_firm()]
BAD = "Muster & Partner Rechtsanwälte AG"


@pytest.mark.parametrize(
    ("query", "count"),
    [("needs_work", 8), ("remarks", 2), ("not_probed", 1), ("overridden", 1), ("changed", 2)],
)
def test_named_questions(query: str, count: int) -> None:
    assert len(evidence_query(DOCUMENTS, query)) == count


def test_every_named_question_is_tried_above() -> None:
    assert set(NAMED) == {"needs_work", "remarks", "not_probed", "overridden", "changed"}


def test_what_needs_work_names_firm_and_host() -> None:
    rows = evidence_query(DOCUMENTS, "needs_work")
    assert {row["firm"] for row in rows} == {BAD}
    assert {row["host"] for row in rows} == {"gateway", "server"}


def test_an_expression_of_ones_own_sees_the_firms_in_order() -> None:
    found = evidence_query(DOCUMENTS, "[].[firm, host]")
    assert [host for _firm, host in found] == [
        "gateway",
        "workstation",
        "gateway",
        "server",
        "workstation",
    ]
    assert evidence_query(DOCUMENTS, "[].ftp[] | [?mbit < `50`].verdict") == ["silent_stall"]


class TextOfAnsible(str):
    """What Ansible hands over up to ansible-core 2.18: its type is not called str."""

    __slots__ = ()


def test_functions_of_jmespath_work_on_what_ansible_hands_over() -> None:
    documents = [{**document, "host": TextOfAnsible(document["host"])} for document in DOCUMENTS]
    query = "[?starts_with(host, 'gate')].host"
    assert evidence_query(documents, query) == ["gateway", "gateway"]


@pytest.mark.parametrize("query", ["need_work[", "", "flows[?status = 'fail']", "nofunction(@)"])
def test_what_is_no_expression_is_refused(query: str) -> None:
    with pytest.raises(TimesensorError, match="neither one of needs_work, remarks, not_probed"):
        evidence_query(DOCUMENTS, query)


def test_what_is_no_evidence_is_refused() -> None:
    with pytest.raises(InputError, match="document 1: is no evidence document"):
        evidence_query(["x"], "needs_work")


def test_without_jmespath_it_says_where_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(UnsupportedError, match="jmespath on the controller") as caught:
        evidence_query(DOCUMENTS, "needs_work")
    assert "pip install jmespath" in caught.value.message
