# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every received piece is held against."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Optional

from .pattern import CONTEXT, PERIOD, Pattern

PATTERN = "pattern"
SHA256 = "sha256"
NONE = "none"


class Verifier:
    """Checks nothing. The base of those that do."""

    name = NONE
    damaged = False

    def check(self, piece: memoryview, offset: int) -> None:
        """Look at `piece`, which was received as byte `offset` and on. Pieces come in order and are
        at most 1 MiB.
        """

    def result(self, complete: bool) -> Dict[str, Any]:
        """Return what was found. `complete`: the whole file was received. C(passed) is None where
        nothing can be said.
        """
        return {"mode": self.name, "passed": None, "damage": None}


class PatternVerifier(Verifier):
    """Holds every byte against the seeded pattern."""

    name = PATTERN

    def __init__(self, seed: str) -> None:
        self._pattern = Pattern(seed)
        self._offset = 0
        self._wrong = b""

    def check(self, piece: memoryview, offset: int) -> None:
        if self.damaged:
            if len(self._wrong) < CONTEXT:
                self._wrong += bytes(piece[: CONTEXT - len(self._wrong)])
            return
        if self._pattern.doubled.startswith(piece, offset % PERIOD):
            return
        index = self._pattern.first_difference(piece, offset)
        self.damaged = True
        self._offset = offset + index
        self._wrong = bytes(piece[index : index + CONTEXT])

    def result(self, complete: bool) -> Dict[str, Any]:
        if not self.damaged:
            return {"mode": self.name, "passed": True, "damage": None}
        damage = self._pattern.damage(self._wrong, self._offset)
        return {
            "mode": self.name,
            "passed": False,
            "damage": {"offset": damage.offset, "kind": damage.kind, "detail": damage.detail},
        }


class Sha256Verifier(Verifier):
    """Compares the digest of the whole file."""

    name = SHA256

    def __init__(self, expected: str) -> None:
        self._expected = expected.lower()
        self._digest = hashlib.sha256()

    def check(self, piece: memoryview, offset: int) -> None:
        self._digest.update(piece)

    def result(self, complete: bool) -> Dict[str, Any]:
        if not complete:
            return {"mode": self.name, "passed": None, "damage": None}
        found = self._digest.hexdigest()
        damage = None
        if found != self._expected:
            detail = f"expected {self._expected}, received {found}"
            damage = {"offset": None, "kind": "digest_differs", "detail": detail}
        return {"mode": self.name, "passed": damage is None, "damage": damage}


def make_verifier(mode: str, seed: Optional[str], digest: Optional[str]) -> Verifier:
    """Return the verifier of `mode`."""
    if mode == PATTERN:
        return PatternVerifier(seed or "")
    if mode == SHA256:
        return Sha256Verifier(digest or "")
    return Verifier()
