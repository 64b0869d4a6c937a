# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small servers for the tests, healthy and broken: C(flow_servers.py PORT/KIND[/TEXT] ..).

Kinds: C(silent) accepts and says nothing; C(say) says TEXT and keeps the connection; C(close)
accepts and closes; C(reset) resets after the first bytes; C(http) answers each request with TEXT;
C(tls) does TLS with a self-signed certificate of the name TEXT (C(tls+GREETING) greets as well).
"""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Callable

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


def _certificate(name: str) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key", Path(folder) / "certificate"
        subprocess.run(
            [
                *(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                ),
                *("-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", str(key)),
                *("-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
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
        with connection:
            try:
                handler(connection, text)
            except OSError:
                pass

    while True:
        connection, _address = server.accept()
        threading.Thread(target=run, args=(connection,), daemon=True).start()


def main(specs: list[str]) -> None:
    for spec in specs:
        port, kind, *rest = spec.split("/", 2)
        text = (rest[0] if rest else "").encode().decode("unicode_escape")
        if kind.startswith("tls"):
            handler = _tls(_certificate(text), kind[4:].encode().decode("unicode_escape"))
        else:
            handler = HANDLERS[kind]
        server = socket.create_server(
            ("", int(port)), family=socket.AF_INET6, backlog=512, dualstack_ipv6=True
        )
        threading.Thread(target=_accept, args=(server, handler, text), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait(300)


if __name__ == "__main__":
    main(sys.argv[1:])
