# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small servers for the tests, healthy and broken: C(flow_servers.py PORT/KIND[/TEXT] ..).

Kinds: C(silent) accepts and says nothing; C(say) says TEXT and keeps the connection; C(close)
accepts and closes; C(reset) resets after the first bytes; C(http) answers each request with TEXT;
C(tls) does TLS with a self-signed certificate of the name TEXT (C(tls+GREETING) greets as well).
C(dns) is a name server over UDP that knows C(NAME=ADDRESS,..) and denies all else; C(mute) is UDP
that never answers; C(quic) is aioquic.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

Handler = Callable[[socket.socket, str], None]


def _silent(connection: socket.socket, _text: str) -> None:
    while connection.recv(4096):
        pass


def _say(connection: socket.socket, text: str) -> None:
    connection.sendall(text.encode())
    _silent(connection, "")


def _close(_connection: socket.socket, _text: str) -> None:
    return


def _reset(connection: socket.socket, _text: str) -> None:
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _http(connection: socket.socket, text: str) -> None:
    while b"\r\n\r\n" not in connection.recv(4096):
        pass
    connection.sendall(text.encode())


HANDLERS: dict[str, Handler] = {
    "silent": _silent,
    "say": _say,
    "close": _close,
    "reset": _reset,
    "http": _http,
}


def _make_certificate(name: str, folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key", folder / "certificate"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", str(key)),
            *("-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


def _certificate(name: str) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = _make_certificate(name, Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    return context


def _tls(context: ssl.SSLContext, greeting: str) -> Handler:
    def handle(connection: socket.socket, _text: str) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            if greeting.startswith("HTTP"):
                encrypted.recv(4096)
            if greeting:
                encrypted.sendall(greeting.encode())
            while encrypted.recv(4096):
                pass

    return handle


def _accept(server: socket.socket, handler: Handler, text: str) -> None:
    def run(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            handler(connection, text)

    while True:
        connection, _address = server.accept()
        threading.Thread(target=run, args=(connection,), daemon=True).start()


def _answer_names(sock: socket.socket, text: str) -> None:
    """RFC 1035, as much as getaddrinfo needs: one question, A and AAAA."""
    records: dict[str, list[str]] = {}
    for record in text.split(","):
        name, address = record.split("=")
        records.setdefault(name, []).append(address)
    while True:
        query, sender = sock.recvfrom(512)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        (kind,) = struct.unpack_from("!H", query, at + 1)
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        known = records.get(".".join(labels).lower())
        wanted = [item for item in known or [] if (":" in item) == (kind == 28)] if family else []
        answers = b"".join(
            struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(packed)) + packed
            for packed in (socket.inet_pton(family, item) for item in wanted if family)
        )
        flags = 0x8580 if known else 0x8583
        head = query[:2] + struct.pack("!HHHHH", flags, 1, len(wanted), 0, 0)
        sock.sendto(head + query[12 : at + 5] + answers, sender)


def _mute(sock: socket.socket, _text: str) -> None:
    while True:
        sock.recvfrom(2048)


def _quic(port: int, name: str, ready: threading.Event) -> None:
    """A real QUIC server, in a loop of its own."""
    import asyncio

    from aioquic.asyncio import serve
    from aioquic.quic.configuration import QuicConfiguration

    configuration = QuicConfiguration(is_client=False, alpn_protocols=["test"])
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = _make_certificate(name, Path(folder))
        configuration.load_cert_chain(certificate, key)

    async def run() -> None:
        await serve("::", port, configuration=configuration)
        ready.set()
        await asyncio.sleep(300)

    asyncio.run(run())


DATAGRAM_SERVERS: dict[str, Handler] = {"dns": _answer_names, "mute": _mute}


def _start(port: int, kind: str, text: str) -> None:
    if kind == "quic":
        ready = threading.Event()
        threading.Thread(target=_quic, args=(port, text, ready), daemon=True).start()
        if not ready.wait(20):
            raise SystemExit("the QUIC server does not start")
        return
    if kind in DATAGRAM_SERVERS:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind(("", port))
        threading.Thread(target=DATAGRAM_SERVERS[kind], args=(sock, text), daemon=True).start()
        return
    if kind.startswith("tls"):
        handler = _tls(_certificate(text), kind[4:].encode().decode("unicode_escape"))
    else:
        handler = HANDLERS[kind]
    server = socket.create_server(
        ("", port), family=socket.AF_INET6, backlog=512, dualstack_ipv6=True
    )
    threading.Thread(target=_accept, args=(server, handler, text), daemon=True).start()


def main(specs: list[str]) -> None:
    for spec in specs:
        port, kind, *rest = spec.split("/", 2)
        text = (rest[0] if rest else "").encode().decode("unicode_escape")
        _start(int(port), kind, text)
    print("ready", flush=True)
    threading.Event().wait(300)


if __name__ == "__main__":
    main(sys.argv[1:])
