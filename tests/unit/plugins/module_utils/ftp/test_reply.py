# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies: what RFC 959 allows, what servers really send, and what nobody may send."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.reply import (
    MAX_LINE,
    MAX_LINES,
    Reply,
    ReplyError,
    ReplyParser,
    extended_passive_port,
    extended_port_argument,
    opening_size,
    passive_address,
    port_argument,
    size_of,
)


def parse(data: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(reply.code, reply.lines) for reply in ReplyParser().feed(data)]


@pytest.mark.parametrize(
    ("data", "replies"),
    [
        (b"220 ready\r\n", [(220, ("ready",))]),
        (b"220 ready\n", [(220, ("ready",))]),
        (b"220\r\n", [(220, ())]),
        (b"220 \r\n", [(220, ("",))]),
        (b"220-a\r\nb\r\n220 c\r\n", [(220, ("a", "b", "c"))]),
        (
            b"220-a\r\n 220 b\r\n221 c\r\n220-d\r\n220 e\r\n",
            [(220, ("a", " 220 b", "221 c", "220-d", "e"))],
        ),
        (b"220-a\r\n220\r\n", [(220, ("a", ""))]),
        (b"150 go\r\n226 done\r\n", [(150, ("go",)), (226, ("done",))]),
        (b"220 \x1b[31mred\x00\xff\t\r\n", [(220, ("?[31mred???",))]),
        (b"22", []),
    ],
)
def test_replies(data: bytes, replies: list[tuple[int, tuple[str, ...]]]) -> None:
    assert parse(data) == replies


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n",
        b"2200 x\r\n",
        b"020 x\r\n",
        b"620 x\r\n",
        b"22 x\r\n",
        b"\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"220 " + b"x" * MAX_LINE + b"\r\n",
        b"x" * (MAX_LINE + 1),
        b"220-a\r\n" + b"b\r\n" * MAX_LINES,
        b"220-a\r\n" + b"\r\n" * 100000,
    ],
)
def test_what_is_no_reply_or_too_much(data: bytes) -> None:
    with pytest.raises(ReplyError) as caught:
        ReplyParser().feed(data)
    assert "the server sent" in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.binary(max_size=4000))
def test_nothing_unprintable_passes_and_nothing_else_is_raised(data: bytes) -> None:
    try:
        replies = ReplyParser().feed(data)
    except ReplyError as error:
        text = error.message
    else:
        text = "".join(str(reply) + reply.text for reply in replies)
    assert all(32 <= ord(char) < 127 for char in text)


_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@given(
    st.lists(st.tuples(st.integers(100, 599), st.lists(_TEXT, min_size=1, max_size=5)), max_size=5),
    st.data(),
)
def test_replies_survive_however_they_are_cut(
    replies: list[tuple[int, list[str]]], data: st.DataObject
) -> None:
    wire = b""
    expected = []
    for code, lines in replies:
        for line in lines[:-1]:
            wire += f"{code}-{line}\r\n".encode()
        wire += f"{code} {lines[-1]}\r\n".encode()
        shown = [lines[0], *(f"{code}-{line}" for line in lines[1:-1]), *lines[1:][-1:]]
        expected.append((code, tuple(shown)))
    parser = ReplyParser()
    found = []
    while wire:
        cut = data.draw(st.integers(1, len(wire)))
        found += [(reply.code, reply.lines) for reply in parser.feed(wire[:cut])]
        wire = wire[cut:]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Entering Passive Mode (10,72,0,2,243,113).", ("10.72.0.2", 62321)),
        ("=10,72,0,2,0,21", ("10.72.0.2", 21)),
        ("odd 10,72,0,2,0,21 text", ("10.72.0.2", 21)),
        ("(10,72,0,256,0,21)", None),
        ("(10,72,0,2,256,21)", None),
        ("(10,72,0,2,0,0)", None),
        ("no address", None),
    ],
)
def test_passive_address(text: str, place: tuple[str, int] | None) -> None:
    assert passive_address(Reply(227, (text,))) == place


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("Entering Extended Passive Mode (|||28680|)", 28680),
        ("(!!!1!)", 1),
        ("(|||0|)", None),
        ("(|||65536|)", None),
        ("(|||123)", None),
        ("(||123|)", None),
        ("", None),
    ],
)
def test_extended_passive_port(text: str, port: int | None) -> None:
    assert extended_passive_port(Reply(229, (text,))) == port


def test_port_arguments() -> None:
    assert port_argument("10.71.0.2", 60677) == "10,71,0,2,237,5"
    assert extended_port_argument(socket.AF_INET6, "fd71::2%eth0", 5) == "|2|fd71::2|5|"
    assert extended_port_argument(socket.AF_INET, "10.0.0.1", 5) == "|1|10.0.0.1|5|"


def test_sizes() -> None:
    assert size_of(Reply(213, ("67108864",))) == 67108864
    assert size_of(Reply(213, ("20260101120000 x",))) is None
    assert size_of(Reply(550, ("5",))) is None
    assert opening_size(Reply(150, ("Opening BINARY mode for p (67108864 bytes).",))) == 67108864
    assert opening_size(Reply(150, ("Opening BINARY mode for p (1).bin",))) is None
