# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from raw bytes: packets, kernel structures, certificates, QUIC."""

from __future__ import annotations

import base64
import socket
import struct

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._probe import bpf
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.certificate import (
    read_certificate,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.icmp import (
    IcmpError,
    parse_extended_error,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.services.quic import (
    QuicDatagrams,
    read_versions,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.target import Target
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.witness import (
    Seen,
    Segment,
    Witness,
    parse_icmp,
    parse_segment,
)

ETHERTYPES = {4: 0x0800, 6: 0x86DD}
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04
OURS4, THEIRS4 = "192.0.2.5", "198.51.100.7"
OURS6, THEIRS6 = "2001:db8::5", "2001:db8:1::7"


def ip4(payload: bytes, protocol: int, source: str, destination: str, options: int = 0) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45 + options // 4, 0, 0, 0, 0, 63, protocol, 0)
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    return head + addresses + bytes(options) + payload


def ip6(payload: bytes, protocol: int, source: str, destination: str) -> bytes:
    head = struct.pack("!IHBB", 0x60000000, len(payload), protocol, 61)
    addresses = [socket.inet_pton(socket.AF_INET6, item) for item in (source, destination)]
    return head + b"".join(addresses) + payload


def tcp(source: int, destination: int, flags: int) -> bytes:
    return struct.pack("!HHIIBBHHH", source, destination, 1, 0, 0x50, flags, 0, 0, 0)


def icmp(kind: int, code: int, about: bytes) -> bytes:
    return struct.pack("!BBHI", kind, code, 0, 0) + about


OUR_SYN4 = ip4(tcp(40000, 21, SYN), TCP, OURS4, THEIRS4)
OUR_SYN6 = ip6(tcp(40000, 21, SYN), TCP, OURS6, THEIRS6)


def run_filter(packet: bytes, ethertype: int) -> int:
    """Interpret the program as the kernel does, and return how much of the packet is kept."""
    code = [
        struct.unpack_from("=HBBI", bpf.assemble(), at) for at in range(0, len(bpf.assemble()), 8)
    ]
    value = index = at = 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == 0x06:
            return int(operand)
        if operation == 0x20:
            value = ethertype
        elif operation == 0x28:
            (value,) = struct.unpack_from("!H", packet, operand)
        elif operation == 0x30:
            value = packet[operand]
        elif operation == 0x50:
            value = packet[index + operand]
        elif operation == 0xB1:
            index = (packet[operand] & 0x0F) * 4
        else:
            met = {
                0x15: value == operand,
                0x25: value > operand,
                0x45: bool(value & operand),
            }[operation]
            at += if_true if met else if_false


@pytest.mark.parametrize(
    ("packet", "kept"),
    [
        (OUR_SYN4, True),
        (OUR_SYN6, True),
        (ip4(tcp(21, 40000, SYN_ACK), TCP, THEIRS4, OURS4), True),
        (ip4(tcp(21, 40000, RST), TCP, THEIRS4, OURS4), True),
        (ip4(tcp(21, 40000, ACK), TCP, THEIRS4, OURS4), False),
        (ip6(tcp(21, 40000, RST | ACK), TCP, THEIRS6, OURS6), True),
        (ip6(tcp(21, 40000, ACK), TCP, THEIRS6, OURS6), False),
        (ip4(tcp(40000, 21, SYN), TCP, OURS4, THEIRS4, options=8), True),
        (ip4(tcp(40000, 21, ACK), TCP, OURS4, THEIRS4, options=8), False),
        (ip4(icmp(3, 13, OUR_SYN4), ICMP, THEIRS4, OURS4), True),
        (ip4(icmp(11, 0, OUR_SYN4), ICMP, THEIRS4, OURS4), True),
        (ip4(icmp(8, 0, b""), ICMP, THEIRS4, OURS4), False),
        (ip6(icmp(1, 4, OUR_SYN6), ICMP6, THEIRS6, OURS6), True),
        (ip6(icmp(135, 0, b""), ICMP6, THEIRS6, OURS6), False),
        (ip6(icmp(0, 0, b""), ICMP6, THEIRS6, OURS6), False),
        (ip4(bytes(20), UDP, OURS4, THEIRS4), False),
        (ip6(bytes(20), UDP, OURS6, THEIRS6), False),
    ],
)
def test_the_filter_keeps_syn_rst_and_icmp_errors_only(packet: bytes, kept: bool) -> None:
    assert bool(run_filter(packet, ETHERTYPES[packet[0] >> 4])) is kept


def test_the_filter_drops_fragments_and_other_protocols() -> None:
    fragment = bytearray(OUR_SYN4)
    fragment[7] = 1

    assert run_filter(bytes(fragment), 0x0800) == 0
    assert run_filter(OUR_SYN4, 0x0806) == 0


def test_segments_of_both_families_are_read() -> None:
    assert parse_segment(OUR_SYN4) == Segment(OURS4, 40000, THEIRS4, 21, SYN, 63)
    assert parse_segment(OUR_SYN6) == Segment(OURS6, 40000, THEIRS6, 21, SYN, 61)


def test_icmp_errors_of_both_families_are_read_with_our_port() -> None:
    box4, box6 = "192.0.2.1", "2001:db8::1"

    found4 = parse_icmp(ip4(icmp(3, 13, OUR_SYN4), ICMP, box4, OURS4))
    found6 = parse_icmp(ip6(icmp(1, 1, OUR_SYN6), ICMP6, box6, OURS6))

    assert found4 == (40000, IcmpError(4, 3, 13, box4))
    assert found6 == (40000, IcmpError(6, 1, 1, box6))


@pytest.mark.parametrize("packet", [b"", b"\x45", OUR_SYN4[:30], OUR_SYN6[:50], bytes(100)])
def test_broken_packets_are_nothing(packet: bytes) -> None:
    assert parse_segment(packet) is None
    assert parse_icmp(packet) is None


@pytest.mark.parametrize("length", range(0, 80, 3))
def test_a_cut_icmp_error_is_no_crash(length: int) -> None:
    for packet in (
        ip4(icmp(3, 13, OUR_SYN4), ICMP, THEIRS4, OURS4),
        ip6(icmp(1, 1, OUR_SYN6), ICMP6, THEIRS6, OURS6),
    ):
        parse_icmp(packet[:length])


def blank_witness() -> Witness:
    """A witness without its packet socket: what it files can be tested without root."""
    witness = Witness.__new__(Witness)
    witness._seen = {}
    return witness


def test_the_witness_files_what_concerns_our_port() -> None:
    witness = blank_witness()
    seen = witness.expect(40000)

    witness.note(OUR_SYN4, outgoing=True)
    witness.note(ip4(tcp(21, 40000, SYN_ACK), TCP, THEIRS4, OURS4), outgoing=False)
    witness.note(ip4(tcp(21, 40000, RST), TCP, THEIRS4, OURS4), outgoing=False)
    witness.note(ip4(icmp(3, 1, OUR_SYN4), ICMP, "192.0.2.1", OURS4), outgoing=False)

    assert seen == Seen([(THEIRS4, 21)], 63, 63, IcmpError(4, 3, 1, "192.0.2.1"))


def test_the_witness_ignores_other_ports_and_a_syn_that_comes_in() -> None:
    witness = blank_witness()
    seen = witness.expect(40000)

    witness.note(OUR_SYN4, outgoing=False)
    witness.note(ip4(tcp(40001, 21, SYN), TCP, OURS4, THEIRS4), outgoing=True)
    witness.note(ip4(tcp(21, 40001, RST), TCP, THEIRS4, OURS4), outgoing=False)

    assert seen == Seen()


def test_a_syn_that_is_sent_again_is_filed_once() -> None:
    witness = blank_witness()
    seen = witness.expect(40000)

    witness.note(OUR_SYN4, outgoing=True)
    witness.note(OUR_SYN4, outgoing=True)

    assert seen.left_for == [(THEIRS4, 21)]


def extended_error(origin: int, kind: int, code: int, offender: bytes) -> bytes:
    return struct.pack("=IBBBBII", 111, origin, kind, code, 0, 0, 0) + offender


def test_the_kernels_error_queue_is_read() -> None:
    offender4 = struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton("192.0.2.1") + bytes(8)
    offender6 = bytes(8) + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + bytes(4)

    assert parse_extended_error(extended_error(2, 3, 13, offender4)) == IcmpError(
        4, 3, 13, "192.0.2.1"
    )
    assert parse_extended_error(extended_error(3, 1, 1, offender6)) == IcmpError(
        6, 1, 1, "2001:db8::1"
    )
    assert parse_extended_error(extended_error(1, 0, 0, offender4)) is None
    assert parse_extended_error(b"") is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (IcmpError(4, 3, 0, ""), "no_route"),
        (IcmpError(4, 3, 1, ""), "no_route"),
        (IcmpError(4, 3, 3, ""), "port"),
        (IcmpError(4, 3, 4, ""), "other"),
        (IcmpError(4, 3, 9, ""), "prohibited"),
        (IcmpError(4, 3, 13, ""), "prohibited"),
        (IcmpError(4, 11, 0, ""), "expired"),
        (IcmpError(6, 1, 0, ""), "no_route"),
        (IcmpError(6, 1, 1, ""), "prohibited"),
        (IcmpError(6, 1, 3, ""), "no_route"),
        (IcmpError(6, 1, 4, ""), "port"),
        (IcmpError(6, 3, 0, ""), "expired"),
        (IcmpError(6, 2, 0, ""), "other"),
    ],
)
def test_icmp_errors_are_told_apart(error: IcmpError, kind: str) -> None:
    assert error.kind == kind


# openssl req -x509 -newkey ed25519 -subj '/C=CH/O=Example AG/CN=Example Röot' -utf8 -days 3650
CERTIFICATE = base64.b64decode(
    "MIIBiTCCATugAwIBAgIUViynf7U1mDb2tZFHtfD6L5O4VYMwBQYDK2VwMDoxCzAJBgNVBAYTAkNIMRMw"
    "EQYDVQQKDApFeGFtcGxlIEFHMRYwFAYDVQQDDA1FeGFtcGxlIFLDtm90MB4XDTI2MTEyNDA2NDczM1oX"
    "DTM2MTEyMTA2NDczM1owOjELMAkGA1UEBhMCQ0gxEzARBgNVBAoMCkV4YW1wbGUgQUcxFjAUBgNVBAMM"
    "DUV4YW1wbGUgUsO2b3QwKjAFBgMrZXADIQCduJfA3SYvvLm2iCdebc0R70yAPNuWchaONtGZTBD+JaNT"
    "MFEwHQYDVR0OBBYEFKD/puVKTea9HwS9gwmBsgEN8jCiMB8GA1UdIwQYMBaAFKD/puVKTea9HwS9gwmB"
    "sgEN8jCiMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAspRBJ7MN0bIzbZZ0UQoDtxqExc9mPpqH4k+v"
    "gt/SeQk8HME/Cp/BQgHF2UG0K63jC3eV5iX+g86PjKWDG8DMCw=="
)


def test_issuer_subject_and_fingerprint_of_a_certificate_are_read() -> None:
    found = read_certificate(CERTIFICATE)

    assert found.issuer == "C=CH, O=Example AG, CN=Example Röot"
    assert found.self_signed
    assert found.sha256 == "0113b26bc3feb09ea184b1e9a9ea6d2981346d66aa5f68cde1cd7444642f601a"


@pytest.mark.parametrize("length", [0, 1, 5, 40, 100, 200])
def test_a_broken_certificate_has_a_fingerprint_only(length: int) -> None:
    found = read_certificate(CERTIFICATE[:length])

    assert (found.issuer, found.subject) == ("", "")
    assert len(found.sha256) == 64


def quic() -> QuicDatagrams:
    return QuicDatagrams(Target("q", "a.example", 19813, "udp", "quic"))


def negotiation(request: bytes, *versions: int) -> bytes:
    """Answer as RFC 9000 section 17.2.1 says: version 0, the connection ids swapped."""
    length = request[5]
    destination = request[5 : 6 + length]
    source = request[6 + length : 15 + length]
    return b"\xc5" + bytes(4) + source + destination + struct.pack(f"!{len(versions)}I", *versions)


def test_the_quic_request_is_a_long_header_with_a_reserved_version_of_1200_bytes() -> None:
    request = quic().request

    assert len(request) == 1200
    assert request[0] & 0xC0 == 0xC0
    assert struct.unpack_from("!I", request, 1)[0] & 0x0F0F0F0F == 0x0A0A0A0A


def test_a_version_negotiation_with_our_ids_swapped_is_open() -> None:
    probe = quic()

    answer = probe.read(negotiation(probe.request, 1, 0x6B3343CF))

    assert answer.row == "open"
    assert answer.evidence[0].value == "0x00000001, 0x6b3343cf"


def test_a_version_negotiation_for_somebody_else_is_not_open() -> None:
    assert quic().read(negotiation(quic().request, 1)).row == "wrong_protocol"


@pytest.mark.parametrize("data", [b"", b"\xc0", b"HTTP/1.1 400 Bad", bytes(1200)])
def test_what_is_no_version_negotiation_is_wrong(data: bytes) -> None:
    assert quic().read(data).row == "wrong_protocol"


def test_a_version_list_must_be_whole_and_not_empty() -> None:
    head = b"\x80" + bytes(4) + b"\x01a\x01b"

    assert read_versions(head + b"\0\0\0\1", b"a", b"b") == [1]
    assert read_versions(head, b"a", b"b") is None
    assert read_versions(head + b"\0\0", b"a", b"b") is None
