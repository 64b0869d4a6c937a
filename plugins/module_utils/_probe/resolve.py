# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names to addresses, many at once: C(getaddrinfo) blocks, so each name gets a thread, all under
the probe's deadline."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections import deque

from .loop import READ, Happened, Loop, Ready, Signal, Steps
from .target import AUTO, IPV4, IPV6

_FAMILY_NUMBERS = {AUTO: socket.AF_UNSPEC, IPV4: socket.AF_INET, IPV6: socket.AF_INET6}

# A name with more addresses than this is a pool; a few of each family show whether the path is
# open.
MOST_ADDRESSES_PER_FAMILY = 2
_MOST_THREADS = 128


@dataclasses.dataclass(frozen=True)
class Address:
    """One address to try. `sockaddr` is what C(connect) takes, with the port 0 in place."""

    family: int
    text: str
    scope: int = 0

    def sockaddr(self, port: int) -> tuple[str | int, ...]:
        if self.family == socket.AF_INET6:
            return (self.text, port, 0, self.scope)
        return (self.text, port)


@dataclasses.dataclass(frozen=True)
class Resolution:
    """The addresses of a name, or why there are none.

    `error` is the number C(getaddrinfo) gave (C(EAI_NONAME), ..), 0 without one; `late` means
    that no answer came in time.
    """

    addresses: tuple[Address, ...] = ()
    error: int = 0
    message: str = ""
    late: bool = False


class Resolver:
    """Resolves each name once, however many targets share it."""

    def __init__(self, loop: Loop, family: str) -> None:
        self._loop = loop
        self._family = family
        self._known: dict[str, Resolution] = {}
        self._signals: dict[str, Signal] = {}
        self._queue: deque[str] = deque()
        self._finished: deque[tuple[str, Resolution]] = deque()
        self._threads = 0
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        loop.spawn(self._collect(), background=True)

    def resolve(self, name: str, until: float) -> Steps[Resolution]:
        """Return the addresses of a name or of an address; at most until `until`."""
        if name not in self._known:
            if name not in self._signals:
                self._signals[name] = Signal()
                self._start(name)
            came = yield Happened(self._signals[name], until)
            if not came:
                return Resolution(late=True, message="no answer in time")
        return self._known[name]

    def close(self) -> None:
        """Stop listening to threads that still wait for a name server; they end with the
        process."""
        with self._lock:
            self._queue.clear()
            self._wake_write.close()
        self._wake_read.close()

    def _start(self, name: str) -> None:
        with self._lock:
            self._queue.append(name)
            if self._threads >= _MOST_THREADS:
                return
            self._threads += 1
        # Daemon threads: a dead name server must not keep the module beyond its deadline.
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._threads -= 1
                    return
                name = self._queue.popleft()
            resolution = look_up(name, self._family)
            with self._lock:
                self._finished.append((name, resolution))
                if self._wake_write.fileno() >= 0:
                    self._wake_write.send(b"\0")

    def _collect(self) -> Steps[None]:
        while True:
            yield Ready(self._wake_read, READ, float("inf"))
            self._wake_read.recv(4096)
            while self._finished:
                name, resolution = self._finished.popleft()
                self._known[name] = resolution
                self._loop.set(self._signals[name])


def look_up(name: str, family: str) -> Resolution:
    """Ask the system's resolver (blocks). `family` is C(auto), C(ipv4) or C(ipv6)."""
    try:
        found = socket.getaddrinfo(
            name.rstrip("."), None, _FAMILY_NUMBERS[family], socket.SOCK_STREAM
        )
    except socket.gaierror as error:
        return Resolution(error=error.errno or socket.EAI_FAIL, message=str(error.strerror))
    except (OSError, UnicodeError) as error:
        return Resolution(error=socket.EAI_FAIL, message=str(error))
    chosen: list[Address] = []
    for number, _kind, _protocol, _canonical, sockaddr in found:
        if number not in (socket.AF_INET, socket.AF_INET6):
            continue
        address = Address(
            number,
            str(sockaddr[0]).partition("%")[0],
            int(sockaddr[-1]) if number == socket.AF_INET6 else 0,
        )
        same_family = sum(other.family == number for other in chosen)
        if address not in chosen and same_family < MOST_ADDRESSES_PER_FAMILY:
            chosen.append(address)
    return Resolution(addresses=tuple(chosen))


def name_servers(path: str = "/etc/resolv.conf") -> tuple[str, ...]:
    """Return the name servers this host asks (resolv.conf(5)); empty when that cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            words = [line.split() for line in lines]
    except OSError:
        return ()
    return tuple(line[1] for line in words if len(line) > 1 and line[0] == "nameserver")
