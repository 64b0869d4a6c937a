# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issued a certificate: the little of X.509 (RFC 5280, DER) that the standard library keeps
to itself.

C(SSLSocket.getpeercert) returns nothing for a certificate that was not verified, and those are
the ones of interest.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Iterator

_EXPLICIT_VERSION = 0xA0
_BMP_STRING = 0x1E
_NAMES = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
    b"\x55\x04\x06": "C",
}


@dataclasses.dataclass(frozen=True)
class Certificate:
    """`issuer` and `subject` read like C(CN=Example CA, O=Example); `sha256` is the fingerprint
    in lower case."""

    issuer: str
    subject: str
    sha256: str

    @property
    def self_signed(self) -> bool:
        return self.issuer == self.subject


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER form; names that cannot be read are empty, the fingerprint is
    always there."""
    issuer = subject = ""
    try:
        (_tag, outer), *_rest = _parts(der)
        (_tag, body), *_rest = _parts(outer)
        fields = list(_parts(body))
        if fields and fields[0][0] == _EXPLICIT_VERSION:
            fields.pop(0)
        # serial number, signature algorithm, issuer, validity, subject
        issuer = _name(fields[2][1])
        subject = _name(fields[4][1])
    except (IndexError, ValueError):
        pass
    return Certificate(issuer, subject, hashlib.sha256(der).hexdigest())


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, content) of each element. Raises `IndexError` or `ValueError` on broken DER."""
    position = 0
    while position < len(data):
        tag = data[position]
        length = data[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("a length of DER has 1 to 4 bytes here")
            length = int.from_bytes(data[position : position + count], "big")
            position += count
        if position + length > len(data):
            raise ValueError("an element of DER goes beyond its container")
        yield tag, data[position : position + length]
        position += length


def _name(data: bytes) -> str:
    words = []
    for _set, members in _parts(data):
        for _sequence, pair in _parts(members):
            (_tag, kind), (string_tag, value), *_rest = _parts(pair)
            if kind in _NAMES:
                text = value.decode(
                    "utf-16-be" if string_tag == _BMP_STRING else "utf-8", "replace"
                )
                words.append(f"{_NAMES[kind]}={_safe(text)}")
    return ", ".join(words)


def _safe(text: str) -> str:
    """A certificate is a stranger's text: no control characters reach a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:120]
