# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password leaves the host in no text, and takes nothing else with it."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.masking import hide


def test_what_strangers_say_is_masked() -> None:
    said = {
        "failure": {"text": "a1b", "reply": {"code": 331, "text": "331 is it a1b?"}},
        "control_log": ["> USER x", "< 331 a1b"],
        "path": "/a1b/p.bin",
    }
    assert "a1b" not in repr(hide(said, frozenset(["a1b"])))


def test_our_own_words_and_numbers_stay() -> None:
    ours = {"phase": "done", "transfer": {"end": "eof", "bytes": 1000}, "attempts": [{"port": 21}]}
    for secret in ("done", "eof", "1", "0"):
        assert hide(ours, frozenset([secret])) == ours
