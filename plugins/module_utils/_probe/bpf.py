# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic BPF program of the witness socket: lets TCP SYN and RST segments and ICMP errors
through, nothing else.

The packet starts at its network header, because the socket is a C(SOCK_DGRAM) packet socket
(packet(7)). IPv6 extension headers are not walked: a packet with one is not seen.
"""

from __future__ import annotations

import array
import socket
import struct

SO_ATTACH_FILTER = 26

_LOAD_BYTE = 0x30
_LOAD_HALF = 0x28
_LOAD_WORD = 0x20
_LOAD_BYTE_AT_X = 0x50
_LOAD_X_HEADER_LENGTH = 0xB1
_JUMP_EQUAL = 0x15
_JUMP_GREATER = 0x25
_JUMP_BITS = 0x45
_RETURN = 0x06

# linux/filter.h: SKF_AD_OFF + SKF_AD_PROTOCOL, the ethertype whatever the link layer is.
_ETHERTYPE = 0xFFFFF000

_SYN_OR_RST = 0x06
_SNAP_LENGTH = 192

# label, code, operand, label if true, label if false. An empty label is the next line.
_PROGRAM = (
    ("", _LOAD_WORD, _ETHERTYPE, "", ""),
    ("", _JUMP_EQUAL, 0x0800, "v4", ""),
    ("", _JUMP_EQUAL, 0x86DD, "v6", "drop"),
    ("v4", _LOAD_HALF, 6, "", ""),
    ("", _JUMP_BITS, 0x1FFF, "drop", ""),
    ("", _LOAD_X_HEADER_LENGTH, 0, "", ""),
    ("", _LOAD_BYTE, 9, "", ""),
    ("", _JUMP_EQUAL, 6, "v4 tcp", ""),
    ("", _JUMP_EQUAL, 1, "", "drop"),
    ("", _LOAD_BYTE_AT_X, 0, "", ""),
    ("", _JUMP_EQUAL, 3, "keep", ""),
    ("", _JUMP_EQUAL, 11, "keep", ""),
    ("", _JUMP_EQUAL, 12, "keep", "drop"),
    ("v4 tcp", _LOAD_BYTE_AT_X, 13, "", ""),
    ("", _JUMP_BITS, _SYN_OR_RST, "keep", "drop"),
    ("v6", _LOAD_BYTE, 6, "", ""),
    ("", _JUMP_EQUAL, 6, "v6 tcp", ""),
    ("", _JUMP_EQUAL, 58, "", "drop"),
    ("", _LOAD_BYTE, 40, "", ""),
    ("", _JUMP_EQUAL, 0, "drop", ""),
    ("", _JUMP_GREATER, 4, "drop", "keep"),
    ("v6 tcp", _LOAD_BYTE, 53, "", ""),
    ("", _JUMP_BITS, _SYN_OR_RST, "keep", ""),
    ("drop", _RETURN, 0, "", ""),
    ("keep", _RETURN, _SNAP_LENGTH, "", ""),
)


def assemble() -> bytes:
    """Return the program as an array of C(struct sock_filter)."""
    lines = {label: number for number, (label, *_rest) in enumerate(_PROGRAM) if label}
    code = b""
    for number, (_label, operation, operand, if_true, if_false) in enumerate(_PROGRAM):
        true = lines[if_true] - number - 1 if if_true else 0
        false = lines[if_false] - number - 1 if if_false else 0
        code += struct.pack("=HBBI", operation, true, false, operand)
    return code


def attach(sock: socket.socket) -> None:
    """Attach the program to a packet socket."""
    code = array.array("B", assemble())
    address, length = code.buffer_info()
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", length // 8, address))
