# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""It runs under systemd, comes back with the host, and serves the whole package to a firm."""

from __future__ import annotations

import pytest

from lab import firm_flows, verifying

SIZE = 64 << 20


def test_its_unit_runs_and_the_distributions_own_does_not() -> None:
    host = verifying.over_ssh("update")
    unit = host.service("legalops-timesensor-update-server")
    assert unit.is_running
    assert unit.is_enabled
    assert host.package("vsftpd").is_installed
    assert not host.service("vsftpd").is_enabled
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""
    listening = host.check_output("ss -Hltn 'sport = :21'")
    assert len(listening.splitlines()) == 1


@pytest.mark.parametrize("host", ["workstation", "outsider"])
def test_the_whole_package_comes_down(host: str) -> None:
    for family in verifying.BOTH:
        firm_flows.downloads(host, firm_flows.PACKAGE, SIZE, family)


def test_active_mode_comes_from_port_20() -> None:
    for family in verifying.BOTH:
        firm_flows.downloads("outsider", firm_flows.PACKAGE, SIZE, family, "-P", "-")


def test_nobody_can_write() -> None:
    command = ["curl", "-sS", "-m", "10", "-T", "/etc/hostname", "ftp://update.vendor.test/new"]
    tried = verifying.lab_host("outsider").run(command)
    assert tried.returncode == 25  # curl(1): FTP could not STOR file
