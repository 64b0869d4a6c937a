# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of the test file, and the naming of its first damage."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.pattern import (
    CONTEXT,
    PERIOD,
    Pattern,
    period,
)

SEED = "golden"
PATTERN = Pattern(SEED)


def digest(size: int, chunk: int = PERIOD) -> str:
    found = hashlib.sha256()
    for piece in PATTERN.chunks(size, chunk):
        found.update(piece)
    return found.hexdigest()


def test_the_period_is_defined_by_the_seed() -> None:
    """Spelled out, without the code under test."""
    first = hashlib.sha256(b"golden" + bytes(8)).digest()
    second = hashlib.sha256(b"golden" + bytes(7) + b"\x01").digest()
    assert period(SEED)[:64] == first + second
    assert len(period(SEED)) == 1048573
    assert period("Zürich")[:32] == hashlib.sha256("Zürich".encode() + bytes(8)).digest()


@pytest.mark.parametrize(
    ("size", "golden"),
    [
        (1, "f67ab10ad4e4c53121b6a5fe4da9c10ddee905b978d3788d2723d7bfacbe28a9"),
        (PERIOD, "7d1835963c20c3fa270f5ac91b863c994d52a0a2fb0d4b92292c0296c4844135"),
        (1 << 20, "653bf57ed4df91f460f51dd258ab014214edc7a3ad64f355acfee86a3eea2466"),
        ((1 << 20) + 5, "1c992b3d3356dabea9a42ef3c6c3e570a00690a4dfb87e20e43825d099026e35"),
        (64 << 20, "3c635ed97bc7017901cfca58d8aa675069887e653b43f3ad1e89f25143cb5cf7"),
    ],
)
def test_golden_digests(size: int, golden: str) -> None:
    """Other implementations (the Windows twin) must give the same; these never change."""
    assert digest(size) == golden


def test_chunks_are_the_file_however_large_they_are() -> None:
    assert digest(3_000_000, 4096) == digest(3_000_000, 65537) == digest(3_000_000)


@pytest.mark.parametrize("offset", [0, 1, PERIOD - 1, PERIOD, 7 * PERIOD + 12345, 10 << 30])
def test_any_piece_is_recognised_at_its_offset_only(offset: int) -> None:
    piece = PATTERN.at(offset, 4096)
    assert PATTERN.holds(piece, offset)
    assert PATTERN.holds(memoryview(piece), offset)
    assert not PATTERN.holds(piece, offset + 1)
    assert PATTERN.first_difference(piece, offset) == -1


@pytest.mark.parametrize("index", [0, 1, 2047, 262142])
def test_the_first_difference_is_exact(index: int) -> None:
    offset = 5 * PERIOD - 1000
    piece = bytearray(PATTERN.at(offset, 262144))
    piece[index] ^= 0x40
    piece[-1] ^= 0x40
    assert PATTERN.first_difference(piece, offset) == index


OFFSET = 3 * PERIOD - 700
RIGHT = PATTERN.at(OFFSET, CONTEXT)


def changed(count: int, xor: int) -> bytes:
    return bytes(byte ^ xor for byte in RIGHT[:count]) + RIGHT[count:]


@pytest.mark.parametrize(
    ("wrong", "kind", "detail"),
    [
        (changed(1, 0x01), "bit_flipped", "1 byte changed, xor 0x01"),
        (changed(1, 0x80), "bit_flipped", "1 byte changed, xor 0x80"),
        (changed(1, 0x03), "bytes_changed", "1 byte changed, xor 0x03"),
        (changed(17, 0xFF), "bytes_changed", "17 bytes changed"),
        (PATTERN.at(OFFSET + 1, CONTEXT), "bytes_lost", "1 bytes are missing, the content goes on"),
        (PATTERN.at(OFFSET + 1460, CONTEXT), "bytes_lost", "1460 bytes are missing"),
        (b"injected" + RIGHT[:-8], "bytes_added", "8 bytes were added"),
        (b"<html>\x1b[2J" + b"blocked " * 500, "foreign_content", r"'<html>\x1b[2Jblocked"),
        (bytes(CONTEXT), "foreign_content", "something else follows"),
    ],
)
def test_damage_is_named(wrong: bytes, kind: str, detail: str) -> None:
    found = PATTERN.damage(wrong, OFFSET)
    assert (found.offset, found.kind) == (OFFSET, kind)
    assert detail in found.detail
    assert "\x1b" not in found.detail


def test_rewritten_line_ends_are_named() -> None:
    offset = PATTERN.doubled.index(b"\n")
    text = PATTERN.at(offset, CONTEXT).replace(b"\n", b"\r\n")
    assert PATTERN.damage(text, offset).kind == "cr_inserted"
