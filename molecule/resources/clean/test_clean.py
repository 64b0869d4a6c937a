# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After check mode, and after everything was taken away again, a host is as it was before."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from lab import verifying

DESCRIBE = Path(__file__).resolve().parents[1] / "describe.sh"


@pytest.mark.parametrize("name", verifying.booted_names())
def test_the_host_is_as_it_was_before(name: str) -> None:
    before = (verifying.place() / f"{name}.before").read_text().splitlines()
    after = verifying.lab_host(name).sh(DESCRIBE.read_text()).splitlines()
    assert len(before) > 100
    changes = difflib.unified_diff(before, after, "before", "after", n=0, lineterm="")
    assert "\n".join(changes) == ""


def test_other_hosts_with_a_policy_are_as_they_were() -> None:
    """In one test, because most scenarios have no such host and an empty parameter is a skip."""
    for name in verifying.light_names_with_policy():
        host = verifying.lab_host(name)
        before = (verifying.place() / f"{name}.rules").read_text()
        assert host.sh("nft -s list ruleset").strip() == before.strip()
        assert host.run(["test", "-e", "/var/lib/legalops_timesensor"]).returncode != 0


@pytest.mark.parametrize("name", verifying.booted_names())
def test_nothing_of_ours_is_there(name: str) -> None:
    host = verifying.over_ssh(name)
    assert not host.file("/var/lib/legalops_timesensor").exists
    assert "legalops_timesensor" not in host.check_output("nft list ruleset")
    assert not host.service("legalops-timesensor-firewall").exists
