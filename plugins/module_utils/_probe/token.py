# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchange between flow_probe's service C(token) and flow_listener, the same over TCP and UDP.

Request, 72 bytes: C(TSPROBE1), a nonce of 32 random bytes, and HMAC-SHA256(token,
C(legalops.timesensor/request) NUL nonce). Answer, 32 bytes: HMAC-SHA256(token, nonce). Only a
holder of the token gets an answer, the answer is shorter than the request (no amplification), and
the token itself never travels.
"""

from __future__ import annotations

import hashlib
import hmac
import os

MAGIC = b"TSPROBE1"
NONCE_LENGTH = 32
ANSWER_LENGTH = 32
REQUEST_LENGTH = len(MAGIC) + NONCE_LENGTH + 32
SHORTEST_TOKEN = 8

_REQUEST_CONTEXT = b"legalops.timesensor/request\x00"


def _mac(token: str, message: bytes) -> bytes:
    return hmac.new(token.encode("utf-8"), message, hashlib.sha256).digest()


def make_request(token: str, nonce: bytes | None = None) -> bytes:
    """Return a request; `nonce` (32 bytes) is random unless it is given."""
    nonce = os.urandom(NONCE_LENGTH) if nonce is None else nonce
    return MAGIC + nonce + _mac(token, _REQUEST_CONTEXT + nonce)


def answer_to(token: str, request: bytes) -> bytes | None:
    """Return the answer, or None when `request` is not exactly a request made with this token."""
    if len(request) != REQUEST_LENGTH or not request.startswith(MAGIC):
        return None
    nonce = request[len(MAGIC) : len(MAGIC) + NONCE_LENGTH]
    if not hmac.compare_digest(request, make_request(token, nonce)):
        return None
    return _mac(token, nonce)


def is_answer(token: str, request: bytes, answer: bytes) -> bool:
    """Tell whether `answer` was made from `request` by someone who knows the token."""
    expected = answer_to(token, request)
    return expected is not None and hmac.compare_digest(expected, answer)
