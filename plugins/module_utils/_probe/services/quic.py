# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service C(quic): version negotiation (RFC 9000 section 6, RFC 8999).

A client packet with a reserved version (0x?a?a?a?a) of at least 1200 bytes makes every QUIC
server say which versions it speaks, without a handshake and without state on the server.
"""

from __future__ import annotations

import os
import struct

from ..._model.verdict import Evidence
from .. import signatures
from ..stream import Answer, printable
from ..target import Target
from ._types import Datagrams

_LONG_HEADER = 0x80
_FIXED_BIT = 0x40
_RESERVED_VERSION = 0x1A2A3A4A
_CONNECTION_ID_LENGTH = 8
_SMALLEST_INITIAL = 1200


class QuicDatagrams(Datagrams):
    """Asks for the versions; the answer must carry our connection ids, swapped."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._destination_id = os.urandom(_CONNECTION_ID_LENGTH)
        self._source_id = os.urandom(_CONNECTION_ID_LENGTH)

    @property
    def request(self) -> bytes:
        head = struct.pack("!BI", _LONG_HEADER | _FIXED_BIT, _RESERVED_VERSION)
        head += bytes([len(self._destination_id)]) + self._destination_id
        head += bytes([len(self._source_id)]) + self._source_id
        return head.ljust(_SMALLEST_INITIAL, b"\0")

    def read(self, data: bytes) -> Answer:
        versions = read_versions(data, self._source_id, self._destination_id)
        if versions is not None:
            shown = ", ".join(f"0x{version:08x}" for version in versions)
            return Answer(
                "open", (Evidence("QUIC versions offered", shown, "version negotiation"),)
            )
        spoken = signatures.protocol_of(data) or "an unknown protocol"
        return Answer(
            "wrong_protocol",
            (Evidence("answer to a QUIC packet", printable(data), "datagram received"),),
            (("spoken", spoken),),
        )


def read_versions(data: bytes, destination_id: bytes, source_id: bytes) -> list[int] | None:
    """Return the versions of a Version Negotiation packet with these ids, None when `data` is not
    one."""
    if len(data) < 7 or not data[0] & _LONG_HEADER or data[1:5] != b"\0\0\0\0":
        return None
    ids = bytes([len(destination_id)]) + destination_id + bytes([len(source_id)]) + source_id
    listed = data[5 + len(ids) :]
    if data[5 : 5 + len(ids)] != ids or not listed or len(listed) % 4:
        return None
    return list(struct.unpack(f"!{len(listed) // 4}I", listed))
