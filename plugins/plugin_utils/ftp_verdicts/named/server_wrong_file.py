# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server itself says another size than the one expected, or 0, and sent that (no fault of the
path).
"""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.verdict import (
    HIGH,
    Verdict,
)

from ..seen import Seen, failed

RANK = 69


def applies(seen: Seen) -> Verdict | None:
    own = seen["size_on_server"]
    if seen.end != "eof" or own is None or seen.bytes != own:
        return None
    if own == 0:
        fix = f"{seen['path']} on the server is empty, which proves nothing: put the file there."
    elif own != seen.size:
        fix = (
            f"{seen['path']} on the server has {own} bytes: put the right file there, or correct"
            " expected_size."
        )
    else:
        return None
    return failed("server_wrong_file", HIGH, (*seen.size_evidence(), *seen.final_evidence()), fix)
