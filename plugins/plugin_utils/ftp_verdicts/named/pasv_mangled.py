# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data connection of PASV fails and that of EPSV works: something on the way rewrites or drops
what the 227 reply announces.
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Verdict,
)

from ..seen import Seen, failed

RANK = 202


def applies(seen: Seen) -> Verdict | None:
    carried = seen.other_kind()
    if seen.phase != "data" or seen["wanted_mode"] != "pasv" or not carried:
        return None
    fix = (
        "A firewall or proxy on the way changes the reply to PASV, or does not follow it: turn its"
        " FTP inspection (ALG) off or update it, or have clients use EPSV, which works here."
    )
    return failed("pasv_mangled", HIGH, (*seen.attempt_evidence(), *carried), fix)
