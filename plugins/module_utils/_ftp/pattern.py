# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seeded test file: what it holds at any offset, how to write it, how to compare it, and what
the first damage is.

P is the first 1,048,573 bytes of SHA256(utf8(seed) || uint64 big-endian i) for i = 0, 1, 2, ..; the
file is P repeated.
The period is prime, so that no block size of a cache or a compressor divides it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from typing import Iterator, Union

PERIOD = 1048573
MIN_SIZE = 1 << 20
MAX_SIZE = 10 << 30
DEFAULT_SIZE = 1 << 30

# How many wrong bytes from the first one on are looked at to name the kind of damage.
CONTEXT = 4096
_MIN_RESYNC = 64
_MAX_SHIFT = 65536

Buffer = Union[bytes, bytearray, memoryview]


def period(seed: str) -> bytes:
    """Return P of `seed`."""
    prefix = hashlib.sha256(seed.encode("utf-8"))
    blocks = []
    for number in range(-(-PERIOD // 32)):
        block = prefix.copy()
        block.update(struct.pack(">Q", number))
        blocks.append(block.digest())
    return b"".join(blocks)[:PERIOD]


@dataclasses.dataclass(frozen=True)
class Damage:
    """The first damage. `offset` is in bytes from the start of the file, `kind` one of
    C(bit_flipped),
    C(bytes_changed), C(cr_inserted), C(bytes_lost), C(bytes_added), C(foreign_content); `detail`
    says more."""

    offset: int
    kind: str
    detail: str


class Pattern:
    """The content of the file for one seed. Holds P twice: 2 MiB."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        # Doubled, so that every piece of up to one period is one stretch of memory whatever its
        # phase.
        self.doubled = period(seed) * 2

    def chunks(self, size: int, chunk: int = PERIOD) -> Iterator[memoryview]:
        """Yield the file of `size` bytes in pieces of at most `chunk` (at most one period)."""
        view = memoryview(self.doubled)
        done = 0
        while done < size:
            count = min(chunk, PERIOD, size - done)
            phase = done % PERIOD
            yield view[phase : phase + count]
            done += count

    def at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes (at most one period) from `offset` of the file."""
        phase = offset % PERIOD
        return self.doubled[phase : phase + count]

    def holds(self, piece: Buffer, offset: int) -> bool:
        """Tell whether `piece` (at most one period) is what stands at `offset`.

        One memcmp: bytes.startswith takes any buffer, where comparing a memoryview goes byte by
        byte.
        """
        return self.doubled.startswith(piece, offset % PERIOD)

    def first_difference(self, piece: Buffer, offset: int) -> int:
        """Return the index in `piece` of the first byte that differs from the file at `offset`, -1
        if none does.
        """
        if self.holds(piece, offset):
            return -1
        low, high = 0, len(piece)
        view = memoryview(piece)
        while high - low > 1:
            middle = (low + high) // 2
            if self.holds(view[low:middle], offset + low):
                low = middle
            else:
                high = middle
        return low

    def damage(self, wrong: bytes, offset: int) -> Damage:
        """Name the damage. `wrong` is what was received from the first wrong byte on, which belongs
        at `offset`.
        """
        if wrong[:1] == b"\r" and self.at(offset, 1) == b"\n" and wrong[1:2] == b"\n":
            return Damage(
                offset, "cr_inserted", "a CR stands before a LF: the path rewrites line ends"
            )
        shifted = self._shift(wrong, offset)
        if shifted:
            kind = "bytes_lost" if shifted > 0 else "bytes_added"
            verb = "are missing" if shifted > 0 else "were added"
            return Damage(
                offset, kind, f"{abs(shifted)} bytes {verb}, the content goes on behind them"
            )
        count = self._changed(wrong, offset)
        if count is None:
            start = wrong[:32].decode("ascii", "replace")
            return Damage(
                offset, "foreign_content", f"something else follows, it starts with {start!a}"
            )
        if count == 1:
            xor = wrong[0] ^ self.at(offset, 1)[0]
            kind = "bit_flipped" if bin(xor).count("1") == 1 else "bytes_changed"
            return Damage(offset, kind, f"1 byte changed, xor 0x{xor:02x}")
        return Damage(offset, "bytes_changed", f"{count} bytes changed")

    def _changed(self, wrong: bytes, offset: int) -> int | None:
        """Return over how many bytes the content differs before it is right again, None if it never
        is.
        """
        right = self.at(offset, len(wrong))
        bad = [index for index in range(len(wrong)) if wrong[index] != right[index]]
        last = bad[-1] + 1 if bad else 0
        # Random content equals the pattern in one byte of 256; half of them wrong is something else
        # altogether.
        if last > len(wrong) - 8 and len(wrong) > 8:
            return None if len(bad) > len(wrong) // 2 else last
        return last

    def _shift(self, wrong: bytes, offset: int) -> int:
        """Return by how many bytes the content jumped ahead (lost) or fell behind (added), 0 for
        neither.
        """
        if len(wrong) < _MIN_RESYNC:
            return 0
        ahead = self.at(offset, _MAX_SHIFT + _MIN_RESYNC)
        found = ahead.find(wrong[:_MIN_RESYNC])
        if found > 0:
            return found
        # Added bytes: what belongs here comes later in `wrong`.
        found = wrong.find(self.at(offset, _MIN_RESYNC))
        return -found if found > 0 else 0
