# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchange between probe and listener. The golden values hold for the Windows side, too."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._probe.token import (
    ANSWER_LENGTH,
    REQUEST_LENGTH,
    answer_to,
    is_answer,
    make_request,
)

TOKEN = "correct horse"
NONCE = bytes(range(32))


def test_the_bytes_of_the_exchange_do_not_change() -> None:
    request = make_request(TOKEN, NONCE)

    assert request[:40] == b"TSPROBE1" + NONCE
    assert (
        hashlib.sha256(request).hexdigest()
        == "358dc7912e11015438910c83067d31a1138189dbd0b2b6c4d8ce2b71aa6b5c62"
    )
    assert (
        answer_to(TOKEN, request) or b""
    ).hex() == "7e860e91a646cd84012aad39dcf36ab726a788881d03d2bc09a47b8765bd1367"


def test_an_answer_is_shorter_than_its_request() -> None:
    request = make_request(TOKEN)

    assert len(request) == REQUEST_LENGTH
    assert len(answer_to(TOKEN, request) or b"") == ANSWER_LENGTH < REQUEST_LENGTH


def test_each_request_is_new() -> None:
    assert make_request(TOKEN) != make_request(TOKEN)


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request[:-1],
        lambda request: request + b"\0",
        lambda request: b"x" + request[1:],
        lambda request: request[:-1] + bytes([request[-1] ^ 1]),
        lambda request: request[:20] + bytes([request[20] ^ 1]) + request[21:],
        lambda request: b"",
    ],
)
def test_nothing_but_an_exact_request_is_answered(change: object) -> None:
    assert callable(change)
    assert answer_to(TOKEN, change(make_request(TOKEN))) is None


def test_another_token_gets_no_answer_and_gives_a_wrong_one() -> None:
    request = make_request(TOKEN)
    answer = answer_to(TOKEN, request) or b""

    assert answer_to("another token", request) is None
    assert is_answer(TOKEN, request, answer)
    assert not is_answer(TOKEN, make_request(TOKEN), answer)
    assert not is_answer(TOKEN, request, b"")
