# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every host with a policy has: rules, their files, and the unit that loads them at boot."""

from __future__ import annotations

import os

import pytest

from lab import verifying

# Nothing blocks a flow there, nothing is to be denied, and none of the flows is FTP.
NEEDS_NO_RULE = {("legal_365_client", "server")}


@pytest.mark.parametrize("name", verifying.booted_names())
def test_rules_files_and_unit_are_there(name: str) -> None:
    host = verifying.over_ssh(name)
    tables = host.check_output("nft list tables").splitlines()
    wanted = (os.environ["MOLECULE_SCENARIO_NAME"], name) not in NEEDS_NO_RULE
    assert ("table inet legalops_timesensor" in tables) == wanted
    unit = host.service("legalops-timesensor-firewall")
    assert unit.is_enabled
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""
    state = host.file("/var/lib/legalops_timesensor")
    assert state.is_directory
    assert state.user == "root"
    assert state.mode & 0o022 == 0
