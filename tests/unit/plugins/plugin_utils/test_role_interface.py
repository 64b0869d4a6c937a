# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of a role stand in defaults, argument specs and README, and must agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[4] / "roles"
SCENARIOS = ("classic", "legal_365_server", "legal_365_client")
PUBLIC = (*SCENARIOS, "update_server")
VERBS = {"main", "validate", "apply", "verify", "remove"}


def load(role: str, path: str) -> Any:
    return yaml.safe_load((ROLES / role / path).read_text())


@pytest.mark.parametrize("role", PUBLIC)
def test_specs_of_all_verbs_are_the_same_and_name_the_defaults(role: str) -> None:
    specs = load(role, "meta/argument_specs.yml")["argument_specs"]
    assert set(specs) == VERBS
    options = specs["main"]["options"]
    assert all(spec["options"] == options for spec in specs.values())
    defaults = load(role, "defaults/main.yml")
    assert {name: option["default"] for name, option in options.items()} == defaults


@pytest.mark.parametrize("role", PUBLIC)
def test_readme_lists_each_variable_with_type_and_default(role: str) -> None:
    text = (ROLES / role / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| `([^`]*)` \|", text, re.MULTILINE)
    options = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    listed = {name: (kind, yaml.safe_load(default)) for name, kind, default in rows}
    assert listed == {name: (option["type"], option["default"]) for name, option in options.items()}


@pytest.mark.parametrize("role", SCENARIOS)
def test_every_variable_has_the_roles_prefix_and_reaches_the_shared_role(role: str) -> None:
    defaults = load(role, "defaults/main.yml")
    settings = load(role, "vars/main.yml")[f"__{role}_settings"]
    assert all(name.startswith(f"{role}_") for name in defaults)
    passed = {name for name in settings if name not in ("name", "table")}
    assert passed == {name[len(role) + 1 :] for name in defaults}
