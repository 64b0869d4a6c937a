# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host has booted since the last look, so what is verified next is what it has come back with."""

from __future__ import annotations

import pytest

from lab import verifying


@pytest.mark.parametrize("name", verifying.booted_names())
def test_the_host_has_booted_since_the_last_look(name: str) -> None:
    seen = verifying.place() / f"{name}.boot"
    host = verifying.over_ssh(name)
    started = host.check_output("cut -d ' ' -f 22 /proc/1/stat")
    assert started != seen.read_text()
    assert host.check_output("systemctl is-system-running --wait") == "running"
    seen.write_text(started)
