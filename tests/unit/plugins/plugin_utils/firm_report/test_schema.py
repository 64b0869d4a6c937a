# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published schema of the evidence, held against evidence."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from unit.plugins.plugin_utils.firm_report import sample

from ansible_collections.legalops.timesensor.plugins.plugin_utils import evidence
from ansible_collections.legalops.timesensor.plugins.plugin_utils.firm_report.documents import (
    problems_of,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import (
    result_of,
)

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "evidence-1.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
FIRMS = (sample.good_firm, sample.bad_firm, sample.hostile_firm)


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object that the schema describes, with its place."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield path, schema
        for key, value in schema.items():
            yield from objects(value, f"{path}/{key}")


def test_the_schema_is_one_and_names_the_documents_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["properties"]["schema"] == {"const": evidence.SCHEMA}


def test_what_is_ours_is_closed() -> None:
    """A key that nobody has described is a mistake; of conflicts we own the words alone."""
    open_ones = {
        path for path, item in objects(SCHEMA) if item.get("additionalProperties") is not False
    }
    assert open_ones == {"/$defs/change/properties/conflicts/items"}


@pytest.mark.parametrize("firm", FIRMS)
def test_evidence_is_valid(firm: Any) -> None:
    for document in firm():
        as_read = json.loads(json.dumps(document))
        assert [
            f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(as_read)
        ] == []
        assert problems_of(document, "document") == []


def test_a_skipped_transfer_of_check_mode_is_valid() -> None:
    skipped = {
        "ok": False,
        "verdict": "not_probed",
        "status": "none",
        "verified": False,
        "confidence": "high",
        "evidence": [],
        "fix": "",
        "skipped": True,
        "changed": False,
    }
    settings = sample.settings("classic")
    document = sample.document("server", settings, {}, whole=skipped, check_mode=True)
    assert document["check_mode"] is True
    VALIDATOR.validate(json.loads(json.dumps(document)))


def test_the_schema_knows_what_ftp_path_returns() -> None:
    returned = set(result_of({"control_log": []}))
    assert returned == set(evidence._KEPT_OF_TRANSFER)
    ours = {"scenario", "from", "proves"}
    assert returned == set(SCHEMA["$defs"]["transfer"]["properties"]) - ours


@pytest.mark.parametrize(
    ("where", "value", "complaint"),
    [
        (("schema",), "legalops.timesensor/evidence/2", "was expected"),
        (("time",), "2026-11-24 14:40", "does not match"),
        (("versions", "nftables"), "1.0", "Additional properties"),
        (("flows", 0, "status"), "maybe", "is not one of"),
        (("flows", 0, "port"), 80, "is not of type"),
        (("flows", 0, "extra"), 1, "Additional properties"),
        (("flows", 0, "evidence", 0, "extra"), 1, "Additional properties"),
        (("ftp", 0, "samples", 0, "mbit"), -1, "less than the minimum"),
        (("ftp", 0, "verified"), "yes", "is not of type"),
        (("changes", 0, "exposure", 0, "ports"), "80", "is not of type"),
    ],
)
def test_wrong_evidence_is_not_valid(where: tuple[Any, ...], value: Any, complaint: str) -> None:
    document = copy.deepcopy(sample.good_firm()[0])
    place: Any = document
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    errors = [error.message for error in VALIDATOR.iter_errors(document)]
    assert len(errors) == 1
    assert complaint in errors[0]
