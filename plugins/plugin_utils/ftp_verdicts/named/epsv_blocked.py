# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data connection of EPSV fails and that of PASV works: something on the way knows the old
command only (RFC 2428).
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    WARN,
    Verdict,
)

from ..seen import Seen, failed

# Behind the limits of the user: a file that came too slowly by PASV is first of all slow.
RANK = 201

_FIX = (
    "The firewall that follows FTP does not know EPSV, so clients that use it, which are most, have"
    " to fall back or fail: update its FTP inspection, or turn that off and open the server's"
    " passive port range; until then set clients to PASV (curl: --disable-epsv)."
)


def applies(seen: Seen) -> Verdict | None:
    if seen["wanted_mode"] == "epsv":
        carried = seen.other_kind()
        if seen.phase != "data" or not seen.data_was_tried or not carried:
            return None
        return failed("epsv_blocked", HIGH, (*seen.attempt_evidence(), *carried), _FIX)
    if not seen.arrived or seen["mode"] != "pasv":
        return None
    blocked = [item for item in seen.attempts if item["mode"] == "epsv" and item["port"]]
    if not blocked:
        return None
    evidence = (*seen.attempt_evidence(), *seen.size_evidence())
    return Verdict("epsv_blocked", WARN, HIGH, evidence, _FIX)
