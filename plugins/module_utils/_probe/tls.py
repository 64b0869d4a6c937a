# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS inside the loop, and what the certificate says about a box in between.

The handshake runs over memory buffers, so the peer's first bytes are at hand when it fails: a TLS
alert, or another protocol altogether.
"""

from __future__ import annotations

import functools
import ssl
from typing import Callable

from .._model.verdict import Evidence
from . import signatures
from .certificate import Certificate, read_certificate
from .loop import Steps
from .stream import Answer, DialogueOver, TcpStream, printable
from .target import Target

_HANDSHAKE_RECORD = 0x16
_ALERT_RECORD = 0x15
# RFC 8446 section 6, the alerts that a server sends to a client it does not like.
_ALERTS = {
    40: "handshake_failure",
    42: "bad_certificate",
    47: "illegal_parameter",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}

Again = Callable[[], Steps[TcpStream]]


class TlsStream:
    """A TLS client over a `TcpStream`; the same `send` and `receive`."""

    def __init__(self, tcp: TcpStream, context: ssl.SSLContext, server_name: str | None) -> None:
        self.tcp = tcp
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=False, server_hostname=server_name
        )
        self.first_bytes = b""

    def handshake(self) -> Steps[None]:
        """Run the handshake. Raises `ssl.SSLError` when it fails, `EOFError` when the peer leaves
        in the middle."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                yield from self._exchange()
            except ssl.SSLError:
                yield from self._flush()
                raise
            else:
                break
        yield from self._flush()

    def send(self, data: bytes) -> Steps[None]:
        self._tls.write(data)
        yield from self._flush()

    def receive(self) -> Steps[bytes]:
        while True:
            try:
                return self._tls.read(16 * 1024)
            except ssl.SSLWantReadError:
                try:
                    yield from self._exchange()
                except EOFError:
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                # TLS 1.3: a server that wants a client certificate says so only after the
                # handshake.
                raise DialogueOver(_explain_failure(self.first_bytes, error)) from None

    @property
    def version(self) -> str:
        return self._tls.version() or "TLS"

    @property
    def certificate(self) -> Certificate | None:
        der = self._tls.getpeercert(binary_form=True)
        return read_certificate(der) if der else None

    def _flush(self) -> Steps[None]:
        data = self._outgoing.read()
        if data:
            yield from self.tcp.send(data)

    def _exchange(self) -> Steps[None]:
        yield from self._flush()
        data = yield from self.tcp.receive()
        if not data:
            raise EOFError
        if len(self.first_bytes) < 512:
            self.first_bytes += data[:512]
        self._incoming.write(data)


@functools.lru_cache(maxsize=None)
def _context(verify: bool, check_name: bool) -> ssl.SSLContext:
    context = ssl.create_default_context() if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = verify and check_name
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    # Python 3.13 sets it; a firm's own root without a key identifier must be judged the same on
    # every Python.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def secure(stream: TcpStream, target: Target, again: Again) -> Steps[tuple[TlsStream, Answer]]:
    """Start TLS on `stream` and judge the certificate; `again` makes a second, equal connection
    if that is needed.

    Returns the encrypted stream and an answer with row C(open), C(tls_unverified),
    C(tls_known_inspector_trusted), C(tls_known_inspector) or C(tls_pin_differs). Raises
    `DialogueOver` when the peer speaks no TLS.
    """
    if target.tls_pin:
        tls = yield from _connect(stream, target, verify=False)
        return tls, _judge_pin(tls, target)
    try:
        tls = yield from _connect(stream, target, verify=True)
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or str(error)
    else:
        return tls, _judge_issuer(tls, target, "")
    stream = yield from again()
    tls = yield from _connect(stream, target, verify=False)
    return tls, _judge_issuer(tls, target, reason)


def _connect(stream: TcpStream, target: Target, verify: bool) -> Steps[TlsStream]:
    name = None if target.host_is_address else target.host.rstrip(".")
    tls = TlsStream(stream, _context(verify, name is not None), name)
    try:
        yield from tls.handshake()
    except ssl.SSLCertVerificationError:
        raise
    except (ssl.SSLError, EOFError) as error:
        raise DialogueOver(_explain_failure(tls.first_bytes, error)) from None
    return tls


def _explain_failure(first: bytes, error: Exception) -> Answer:
    """Say what answered a ClientHello when no handshake came of it."""
    if not first:
        return Answer(
            "closed",
            (Evidence("end of the connection", "closed without a byte after ClientHello", "TLS"),),
        )
    if len(first) >= 7 and first[0] == _ALERT_RECORD and first[1] == 3:
        alert = _ALERTS.get(first[6], f"number {first[6]}")
        return Answer("tls_alert", (Evidence("TLS alert", alert, "TLS"),), (("alert", alert),))
    if len(first) >= 2 and first[0] == _HANDSHAKE_RECORD and first[1] == 3:
        seen = "ServerHello, then " + (str(getattr(error, "reason", "")) or "the end").lower()
        return Answer("tls_alert", (Evidence("TLS handshake", seen, "TLS"),), (("alert", seen),))
    spoken = signatures.protocol_of(first) or "an unknown protocol"
    return Answer(
        "wrong_protocol",
        (
            Evidence("answer to ClientHello", printable(first), "first bytes received"),
            Evidence("protocol recognised", spoken, "first bytes received"),
        ),
        (("spoken", spoken),),
    )


def _judge_pin(tls: TlsStream, target: Target) -> Answer:
    certificate = tls.certificate
    found = certificate.sha256 if certificate else "none"
    evidence = _describe(tls, certificate) + (
        Evidence("tls_pin", f"sha256:{target.tls_pin}", "target"),
    )
    words = (("issuer", certificate.issuer if certificate else "unknown"),)
    return Answer("open" if found == target.tls_pin else "tls_pin_differs", evidence, words)


def _judge_issuer(tls: TlsStream, target: Target, reason: str) -> Answer:
    """Judge without a pin. `reason` says why the chain does not verify, and is empty when it
    does."""
    certificate = tls.certificate
    issuer = certificate.issuer if certificate else ""
    evidence = _describe(tls, certificate)
    if not reason:
        scope = " (name not compared, host is an address)" if target.host_is_address else ""
        evidence += (Evidence("certificate chain", f"verifies{scope}", "trust store of the host"),)
    else:
        evidence += (
            Evidence("certificate chain", f"does not verify: {reason}", "trust store of the host"),
        )
    product = signatures.interceptor(issuer)
    if product:
        evidence += (Evidence("issuer looks like", product, "list of inspection products"),)
    words = (
        ("issuer", issuer or "unknown"),
        ("reason", reason),
        ("pin", f"sha256:{certificate.sha256}" if certificate else ""),
    )
    if product:
        return Answer(
            "tls_known_inspector" if reason else "tls_known_inspector_trusted", evidence, words
        )
    return Answer("tls_unverified" if reason else "open", evidence, words)


def _describe(tls: TlsStream, certificate: Certificate | None) -> tuple[Evidence, ...]:
    evidence: tuple[Evidence, ...] = (Evidence("ServerHello", tls.version, "TLS handshake"),)
    if certificate:
        evidence += (
            Evidence("certificate issuer", certificate.issuer, "TLS handshake"),
            Evidence("certificate subject", certificate.subject, "TLS handshake"),
            Evidence("certificate sha256", certificate.sha256, "TLS handshake"),
        )
    return evidence
