# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password out of an observation, and nothing else with it."""

from __future__ import annotations

from typing import Any, FrozenSet

_MASK = "********"
# Where an observation holds what a server said or a user wrote; all else is our own words and
# numbers.
_FREE_TEXT = ("path", "text", "said", "control_log", "msg")


def hide(value: Any, secrets: FrozenSet[str], free: bool = False) -> Any:
    """Return `value` with the secrets masked in all free text, and only there."""
    if isinstance(value, dict):
        return {key: hide(item, secrets, free or key in _FREE_TEXT) for key, item in value.items()}
    if isinstance(value, list):
        return [hide(item, secrets, free) for item in value]
    if free and isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, _MASK)
    return value
