# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An FTP server with one fault, as a broken server or a bad proxy in its place looks from the
client.

Usage: ftp_faulty_server.py FAULT FILE. Says C(ready) when it listens on port 21 of all IPv4
addresses.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HALF = 2_000_000
HURT = 1_500_000


def flip(data: bytes) -> bytes:
    return data[:HURT] + bytes([data[HURT] ^ 1]) + data[HURT + 1 :]


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


CONTENTS: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[:HALF],
    "truncated_426": lambda data: data[:HALF],
    "truncated_no_size": lambda data: data[:HALF],
    "bit_flipped": flip,
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "bytes_lost": lambda data: data[:HURT] + data[HURT + 1000 :] + b"x" * 1000,
    "bytes_added": lambda data: data[:HURT] + b"injected" + data[HURT:],
    "block_page": lambda data: b"<html><title>Blocked</title>" + b"<p>Access denied.</p>" * 150000,
    "reset": lambda data: data[:HALF],
    "silent_stall": lambda data: data[:HALF],
}
# A port that a router can drop while it lets all others through.
APART = 4021
NO_SIZE = ("no_size", "no_size_at_all", "truncated_no_size")


class Session:
    def __init__(self, fault: str, data: bytes, control: socket.socket) -> None:
        self.fault = fault
        self.right = data
        damage = CONTENTS.get(fault)
        self.data = damage(data) if damage else data
        self.control = control
        self.listener: socket.socket | None = None

    def say(self, text: str) -> None:
        self.control.sendall(text.encode("latin-1") + b"\r\n")

    def lines(self) -> Iterator[tuple[str, str]]:
        pending = b""
        while True:
            chunk = self.control.recv(4096)
            if not chunk:
                return
            pending += chunk
            while b"\r\n" in pending:
                line, pending = pending.split(b"\r\n", 1)
                verb, _unused, argument = line.decode("latin-1").partition(" ")
                yield verb.upper(), argument

    def greet(self) -> bool:
        if self.fault == "silent_greeting":
            time.sleep(60)
        elif self.fault == "garbage":
            self.say("SSH-2.0-\x1b[31mOpenSSH\x00")
        elif self.fault == "endless_line":
            self.control.sendall(b"220 " + b"x" * (1 << 20))
        elif self.fault == "endless_1xx":
            while True:
                self.control.sendall(b"120 soon\r\n" * 2000)
        elif self.fault == "slow_loris":
            for _unused in range(60):
                self.control.sendall(b"2")
                time.sleep(0.5)
        else:
            self.control.sendall(b"220-Welcome\r\n 220 not yet\r\n220 test\r\n")
            return True
        return False

    def run(self) -> None:
        if not self.greet():
            return
        for verb, argument in self.lines():
            handler = getattr(self, f"on_{verb.lower()}", None)
            if handler is None:
                self.say("502 no")
            elif handler(argument) is False:
                return

    def on_user(self, _unused: str) -> None:
        self.say("331 password")

    def on_pass(self, _unused: str) -> None:
        self.say("421 Too many users" if self.fault == "busy_421" else "230 in")

    def on_type(self, _unused: str) -> None:
        self.say("200 binary")

    def on_noop(self, _unused: str) -> None:
        self.say("200 noop")

    def on_size(self, _unused: str) -> None:
        self.say("502 what" if self.fault in NO_SIZE else f"213 {len(self.right)}")

    def on_epsv(self, _unused: str) -> bool | None:
        if self.fault == "silent_at_epsv":
            time.sleep(60)
        if self.fault == "reset_at_epsv":
            reset(self.control)
        if self.fault in ("closed_at_epsv", "reset_at_epsv"):
            return False
        if self.fault == "epsv_mangled":
            self.say("229 Entering Extended Passive Mode")
            return True
        if self.fault in ("no_epsv", "foreign_227", "both_refused"):
            self.say("500 EPSV not understood")
            return True
        self.say(f"229 Entering (|||{self.listen(APART if self.fault == 'epsv_apart' else 0)}|)")
        return True

    def on_pasv(self, _unused: str) -> None:
        if self.fault in ("both_refused", "no_pasv"):
            self.say("502 no passive mode here")
            return
        port = self.listen()
        if self.fault == "pasv_mangled":
            port = port + 1 if port < 65535 else port - 1
        host = "192,168,55,5" if self.fault == "foreign_227" else "0,0,0,0"
        self.say(f"227 odd text ={host},{port // 256},{port % 256}")

    def listen(self, port: int = 0) -> int:
        self.listener = socket.create_server(("", port))
        port = self.listener.getsockname()[1]
        if self.fault == "nothing_listens":
            self.listener.close()
        return int(port)

    def hold(self, data: socket.socket) -> None:
        """What a client sees of a proxy that takes the whole file first: the server has said 226
        to it long ago, where the proxy does not hold that back, too.
        """
        if self.fault != "held_quietly":
            self.say("226 done")
        for _second in range(14):
            time.sleep(60 if self.fault == "held_for_ever" else 0.25)
            if self.fault == "held_and_trickled":
                data.sendall(self.data[:10])
                self.data = self.data[10:]
        data.sendall(self.data)

    def on_retr(self, _unused: str) -> bool:
        if self.fault == "refused_file":
            self.say("551 page type unknown")
            return True
        assert self.listener is not None
        data, _address = self.listener.accept()
        self.listener.close()
        if self.fault not in ("no_size_at_all", "truncated_no_size"):
            self.say(f"150 opening ({len(self.right)} bytes)")
        else:
            self.say("150 opening")
        if self.fault.startswith("held"):
            self.hold(data)
        else:
            data.sendall(self.data)
        if self.fault == "silent_stall":
            time.sleep(60)
        if self.fault == "reset":
            time.sleep(0.3)
            reset(data)
            return False
        if self.fault == "data_stays_open":
            self.say("226 done")
            time.sleep(60)
        data.close()
        if self.fault == "reset_before_226":
            reset(self.control)
        if self.fault == "marker_before_226":
            self.say("110 MARK 5 = 5")
        if self.fault == "no_226":
            time.sleep(1)
            for verb, _argument in self.lines():
                if verb == "NOOP":
                    time.sleep(60)
        if self.fault in ("closed_before_226", "reset_before_226"):
            return False
        if self.fault in ("held", "held_and_trickled"):
            return True
        bad = self.fault in ("truncated_426", "whole_426")
        self.say("426 Failure writing network stream." if bad else "226 done")
        return True


def serve(fault: str, path: str) -> None:
    data = Path(path).read_bytes()
    listener = socket.create_server(("", 21))
    print("ready", flush=True)
    while True:
        control, _address = listener.accept()

        def session(control: socket.socket = control) -> None:
            with control, contextlib.suppress(OSError):
                Session(fault, data, control).run()

        threading.Thread(target=session, daemon=True).start()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
