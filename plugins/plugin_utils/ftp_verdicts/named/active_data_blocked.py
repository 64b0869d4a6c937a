# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's connection to us does not arrive in active mode."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    MEDIUM,
    Evidence,
    Verdict,
)

from ..seen import Seen, failed

RANK = 29

_REPLIES = (425, 426)
# What vsftpd, ProFTPD and Pure-FTPd say to an address that is not the client's own.
_FOREIGN_ADDRESS = (500, 501)
_HELPER = "Assign the FTP connection tracking helper to TCP port 21 on"


def applies(seen: Seen) -> Verdict | None:
    if seen.phase != "data" or seen["wanted_mode"] != "active" or not seen.attempts:
        return None
    first = seen.attempts[0]
    waited = bool(first["port"])
    refused = not waited and seen.reply_code in _FOREIGN_ADDRESS
    late = waited and (
        seen.kind in ("timeout", "closed", "reset") or seen.reply_code in (*_REPLIES, 421)
    )
    if not refused and not late:
        return None
    other = seen.experiment("other_mode")
    passive_works = bool(seen.other_kind())
    evidence = [*seen.attempt_evidence()]
    if other:
        evidence.append(Evidence(f"download, {other['mode']}", other["result"], "experiment"))
    if refused:
        evidence.append(Evidence("address we announced", first["advertised_host"], "PORT"))
    elif seen.reply_code:
        evidence.append(
            Evidence("reply to RETR", seen.failure["reply"]["text"], "control connection")
        )
    fix = f"{_fix(seen, refused)}, or use passive mode{', which works here' * passive_works}."
    return failed("active_data_blocked", HIGH if passive_works and late else MEDIUM, evidence, fix)


def _fix(seen: Seen, refused: bool) -> str:
    first = seen.attempts[0]
    if refused:
        return (
            f"{_HELPER} the gateway that translates addresses, so that it also rewrites the address"
            f" {first['advertised_host']} that this host announces and that is not the one which"
            " the server sees"
        )
    if first.get("turned_away"):
        return (
            f"Have the server's data connections come from {seen['address']}, as its control"
            f" connection does, and not from {first['turned_away']}: correct the address"
            " translation on its side"
        )
    return (
        f"{_HELPER} the firewalls on the client's side, this host's own included, so that the"
        " server's connection from port 20 is accepted as related, and let the server's own"
        " firewall send it"
    )
