# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firm of the lab, proved by the playbooks: what the tests of the report and of the browser look
at."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from lab import Lab, package

FIRM = "Muster & Söhne"
SIZE = 6 << 20
RATE = 1_500_000  # bytes per second, so that there is a curve
BLOCKED = 993
# What a server that means ill greets with; vsftpd sends it as it stands.
BANNER = "<script>alert(1)</script><img src=http://evil.example/> {{ 7 * 191 }}"


class ProvedFirm:
    """The gateway of a firm is proved from its server, and a host of the inventory is gone."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab = lab
        self.place = place
        self.reports = place / "reports"
        self.folder = self.reports / FIRM

    def prepare(self) -> None:
        """Start the internet side's servers; the mail server's own firewall drops one port."""
        services = self.lab.services
        services.start_vsftpd("update", anon_max_rate=str(RATE), ftpd_banner=BANNER)
        services.start("mail", "mail")
        services.start("nginx", "licence")
        package.write(self.lab["update"].disk / "ftp" / "package.bin", SIZE, "lab")
        self.lab["mail"].nft(
            "table inet closed {\nchain in {\ntype filter hook input priority 0;\n"
            f"tcp dport {BLOCKED} drop\n}}\n}}\n"
        )

    def inventory(self) -> Path:
        tree = json.loads(self.lab.inventory().read_text())
        gone = {**tree["all"]["hosts"]["server"], "lab_started": "0"}
        tree["all"]["hosts"]["gone"] = gone
        update = {"host": "update.vendor.test", "path": "/package.bin", "seed": "lab"}
        variables: dict[str, Any] = {
            "classic_enforcement": "gateway",
            "classic_interfaces": {"inside": ["lan0"], "outside": ["wan0"]},
            "classic_email_interface": True,
            "classic_prove_on": ["server"],
            "classic_report_dir": str(self.reports),
            "classic_firm": FIRM,
            "classic_endpoints": {
                "licence": {"host": "licence.vendor.test", "ports": [80, 443]},
                "update": {**update, "min_mbit": 1},
                "mail": {"host": "mail.provider.test"},
            },
        }
        tree["all"]["children"]["timesensor_classic"] = {
            "hosts": {"gateway": {}, "gone": {}},
            "vars": variables,
        }
        path = self.place / "inventory.json"
        path.write_text(json.dumps(tree))
        return path

    def playbook(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one playbook of the collection."""
        command = ("ansible-playbook", "-i", str(self.inventory()), f"legalops.timesensor.{name}")
        return self.lab.run_ansible(self.place, *command, *words)
