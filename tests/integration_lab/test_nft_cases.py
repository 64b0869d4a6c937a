# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nft of this machine prints rulesets that we read as those recorded from nft 1.0.6."""

from __future__ import annotations

import json
import os

from integration_lab.private_host import PrivateHost
from unit.plugins.module_utils.plan.all_cases import ALL_CASES, RECORDED, as_nft, check


def test_every_case_is_read_alike(host: PrivateHost) -> None:
    host.nft(as_nft())
    document = json.loads(host.run("nft", "-j", "list", "ruleset"))
    if os.environ.get("TIMESENSOR_WRITE_GOLDEN"):
        lines = ",\n".join(json.dumps(entry) for entry in document["nftables"])
        RECORDED.write_text(f'{{"nftables": [\n{lines}\n]}}\n')
    wrong = {
        case.body: (found, expected)
        for number, case in enumerate(ALL_CASES)
        for found, expected in [check(number, document)]
        if found != expected
    }
    assert wrong == {}
