# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The heart of it: FTP through a masquerading gateway whose forward policy is drop, by the role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, firm
from lab.topology import ADMIN_RULES, FORWARD_RULES

SIZE = 8 * 1024 * 1024
VARIABLES: dict[str, Any] = {
    "classic_enforcement": "gateway",
    "classic_interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
    "classic_endpoints": {"update": {"host": "update.vendor.test"}},
}
# curl's options for each way that FTP opens its data connection.
MODES = {
    "EPSV": (),
    "PASV": ("--disable-epsv",),
    "PORT": ("--ftp-port", "-", "--disable-eprt"),
    "EPSV over IPv6": ("-6",),
    "EPRT over IPv6": ("-6", "--ftp-port", "-"),
}


# Drops before port forwards and behind masquerading as well, where packets have other addresses
# than in the forward hook.
EVERY_HOOK_DROPS = (
    ADMIN_RULES
    + FORWARD_RULES.format(policy="drop")
    + (Path(__file__).parent / "rulesets" / "gateway_every_hook_drops.nft").read_text()
)


@pytest.fixture(
    scope="module", params=[None, EVERY_HOOK_DROPS], ids=["forward drops", "every hook drops"]
)
def running(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with Lab(firm(rules=request.param)) as lab:
        lab.services.start("vsftpd", "update")
        lab["update"].sh(f"truncate -s {SIZE} /srv/lab/ftp/package")
        yield lab


def downloads(lab: Lab, *options: str) -> bool:
    """Tell whether the workstation gets the whole file within 4 seconds."""
    done = lab["workstation"].run(
        [
            *("curl", "-sS", "-m", "4", "-o", "/dev/null", "-w", "%{size_download}", *options),
            "ftp://update.vendor.test/package",
        ],
        check=False,
    )
    return done.returncode == 0 and int(done.stdout) == SIZE


def role(lab: Lab, verb: str, tmp_path: Path) -> str:
    """Run one verb of the role classic on the gateway and return its recap line."""
    include = {"name": "legalops.timesensor.classic", "tasks_from": verb}
    done = lab.play(tmp_path, "gateway", [include], VARIABLES)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_every_mode_gets_through_and_removal_closes_again(running: Lab, tmp_path: Path) -> None:
    gateway = running["gateway"]
    before = gateway.ruleset()
    assert not downloads(running)
    assert "changed=1" in role(running, "apply", tmp_path)
    assert {name: downloads(running, *options) for name, options in MODES.items()} == dict.fromkeys(
        MODES, True
    )
    assert "changed=0" in role(running, "apply", tmp_path)
    gateway.sh("nft delete chain inet legalops_timesensor helper_prerouting")
    assert not downloads(running), "without the helper nobody knows the data port"
    assert "changed=1" in role(running, "apply", tmp_path)
    assert downloads(running)
    assert "changed=1" in role(running, "remove", tmp_path)
    assert gateway.ruleset() == before
    assert not downloads(running)
