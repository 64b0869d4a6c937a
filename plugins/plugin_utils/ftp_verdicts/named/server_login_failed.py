# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server refuses the login."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 31


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "login" or seen.kind != "reply":
        return None
    evidence = (
        Evidence("reply to the login", seen.failure["reply"]["text"], "control connection"),
    )
    fix = (
        "The control port is open. Correct user and password, or allow this user (or anonymous) on"
        " the server."
    )
    return failed("server_login_failed", HIGH, evidence, fix)
