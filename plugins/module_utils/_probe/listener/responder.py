# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that answers: one loop over all sockets, which ends by itself.

It answers exact requests of those who know the token (and are among the peers), never with more
bytes than it got, and counts everybody it hears.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import json
import selectors
import socket
import struct
import time
from typing import Any, Callable, Sequence

from ..._model.addresses import Network
from ..token import REQUEST_LENGTH, answer_to
from .binding import IP_PKTINFO, IPV6_PKTINFO, Opened

_MOST_CONNECTIONS = 64
_CONNECTION_SECONDS = 5.0
_MOST_PEERS = 256
_OTHERS = "others"
_LONGEST_COMMAND = 64 * 1024
_BATCH = 64
_PKTINFO4 = struct.Struct("=i4s4s")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclasses.dataclass
class _Connection:
    id: str
    sock: socket.socket
    peer: str
    until: float
    data: bytes = b""


class Heard:
    """Who was heard, per listener: how many datagrams or connections, and how many proved the
    token."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, list[int]]] = {}

    def note(self, listener: str, peer: str, count: int = 0, valid: int = 0) -> None:
        peers = self._counts.setdefault(listener, {})
        # Forged source addresses must not fill the memory.
        key = peer if peer in peers or len(peers) < _MOST_PEERS else _OTHERS
        counts = peers.setdefault(key, [0, 0])
        counts[0] += count
        counts[1] += valid

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        return {
            listener: [
                {"peer": peer, "count": count, "valid": valid}
                for peer, (count, valid) in sorted(peers.items())
            ]
            for listener, peers in self._counts.items()
        }


class Responder:
    """Serves until `ttl` seconds are over or a command ends it."""

    def __init__(
        self,
        opened: Sequence[Opened],
        control: socket.socket,
        token: str,
        peers: Sequence[Network],
        ttl: float,
        facts: dict[str, Any],
    ) -> None:
        self._opened = opened
        self._control = control
        self._token = token
        self._peers = peers
        self._until = time.monotonic() + ttl
        self._facts = facts
        self._heard = Heard()
        self._connections: dict[socket.socket, _Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._stopped = False

    def run(self) -> bool:
        """Serve; returns True when a command ended it, False at the end of its time."""
        handlers: dict[str, Callable[[Opened], None]] = {"tcp": self._accept, "udp": self._answer}
        for item in self._opened:
            self._selector.register(
                item.sock, selectors.EVENT_READ, (handlers[item.protocol], item)
            )
        self._selector.register(self._control, selectors.EVENT_READ, (self._obey, None))
        while not self._stopped:
            left = self._until - time.monotonic()
            if left <= 0:
                break
            for key, _events in self._selector.select(min(left, self._next_expiry())):
                handler, argument = key.data
                handler(argument)
                if self._stopped:
                    return True
            self._expire()
        self._close()
        return False

    def _close(self) -> None:
        for connection in list(self._connections.values()):
            self._drop(connection)
        for item in self._opened:
            item.sock.close()
        self._control.close()
        self._selector.close()

    def _is_peer(self, address: str) -> bool:
        if not self._peers:
            return True
        found = ipaddress.ip_address(address.partition("%")[0])
        return any(found.version == peer.version and found in peer for peer in self._peers)

    # UDP

    def _answer(self, item: Opened) -> None:
        for _number in range(_BATCH):
            try:
                data, ancillary, _flags, sender = item.sock.recvmsg(2048, 256)
            except OSError:
                return
            peer = str(sender[0]).partition("%")[0]
            answer = answer_to(self._token, data) if self._is_peer(peer) else None
            self._heard.note(item.id, peer, count=1, valid=int(answer is not None))
            if answer is not None:
                try:
                    item.sock.sendmsg([answer], _reply_from(ancillary), 0, sender)
                except OSError:
                    # An answer that this host's own firewall drops must not end the listener.
                    continue

    # TCP

    def _accept(self, item: Opened) -> None:
        try:
            sock, sender = item.sock.accept()
        except OSError:
            return
        peer = str(sender[0]).partition("%")[0]
        self._heard.note(item.id, peer, count=1)
        connection = _Connection(item.id, sock, peer, time.monotonic() + _CONNECTION_SECONDS)
        if not self._is_peer(peer):
            _reset(sock)
            return
        if len(self._connections) >= _MOST_CONNECTIONS:
            self._drop(next(iter(self._connections.values())))
        sock.setblocking(False)
        self._connections[sock] = connection
        self._selector.register(sock, selectors.EVENT_READ, (self._read, connection))

    def _read(self, connection: _Connection) -> None:
        if connection.sock not in self._connections:
            return
        try:
            data = connection.sock.recv(REQUEST_LENGTH + 1 - len(connection.data))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.data += data
        if data and len(connection.data) < REQUEST_LENGTH:
            return
        answer = answer_to(self._token, connection.data)
        if answer is None:
            self._drop(connection)
            return
        self._heard.note(connection.id, connection.peer, valid=1)
        with contextlib.suppress(OSError):
            connection.sock.send(answer, socket.MSG_NOSIGNAL)
        self._forget(connection)
        connection.sock.close()

    def _drop(self, connection: _Connection) -> None:
        """Say nothing to a stranger, and keep no TIME_WAIT because of one."""
        self._forget(connection)
        _reset(connection.sock)

    def _forget(self, connection: _Connection) -> None:
        del self._connections[connection.sock]
        self._selector.unregister(connection.sock)

    def _next_expiry(self) -> float:
        if not self._connections:
            return float("inf")
        oldest = next(iter(self._connections.values()))
        return max(0.0, oldest.until - time.monotonic())

    def _expire(self) -> None:
        now = time.monotonic()
        for connection in list(self._connections.values()):
            if connection.until > now:
                break
            self._drop(connection)

    # Commands of the module

    def _obey(self, _nothing: None) -> None:
        try:
            sock, _address = self._control.accept()
        except OSError:
            return
        with sock:
            # The folder belongs to root alone, so the other side is our own module.
            sock.settimeout(2)
            try:
                command = json.loads(_read_line(sock))
                reply = self._reply(command)
                if command.get("do") == "stop":
                    self._stopped = True
                    self._close()
                sock.sendall(json.dumps(reply).encode() + b"\n")
            except (OSError, ValueError):
                return

    def _reply(self, command: dict[str, Any]) -> dict[str, Any]:
        if command.get("do") == "renew":
            self._until = time.monotonic() + float(command["ttl"])
        return {**self._facts, "heard": self._heard.as_dict()}


def _read_line(sock: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _LONGEST_COMMAND:
        block = sock.recv(4096)
        if not block:
            break
        data += block
    return data


def _reset(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    sock.close()


def _reply_from(ancillary: Sequence[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Answer from the address that was asked, also on a host with several (ip(7), IP_PKTINFO).

    For a broadcast the kernel gives the address of the receiving interface; a multicast address
    cannot be a source, so the route decides.
    """
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            _index, specific, _destination = _PKTINFO4.unpack(data[: _PKTINFO4.size])
            return [(level, kind, _PKTINFO4.pack(0, specific, b"\0\0\0\0"))]
        if level == socket.IPPROTO_IPV6 and kind == IPV6_PKTINFO and data[0] != 0xFF:
            return [(level, kind, data)]
    return []
