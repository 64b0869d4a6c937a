# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers does not speak FTP, or more of it than is sensible."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 33


def applies(seen: Seen) -> Verdict | None:
    if seen.kind != "protocol":
        return None
    evidence = (
        Evidence("phase", seen.phase, "ftp_path"),
        Evidence("what was wrong", seen.failure["text"], "control connection"),
    )
    fix = (
        f"Find out what answers on {seen.server}: it is no FTP server, or a proxy or inspection on"
        " the way rewrites"
        " the control connection. Exempt the server from it."
    )
    return failed("server_protocol_error", HIGH, evidence, fix)
