# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What molecule's tests share: the hosts as testinfra sees them, and packets by plain sockets.

Nothing here uses the collection's own probes: they are what is judged.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import testinfra
import yaml

from . import background, booted, linux
from .host import Host, wait_for

# Long enough for a SYN to be sent again, once.
SECONDS = 1.5
IPV4, IPV6 = socket.AF_INET, socket.AF_INET6
BOTH = (IPV4, IPV6)


def place() -> Path:
    """The directory of the running lab."""
    return Path(os.environ["LAB_PLACE"])


def booted_names() -> list[str]:
    """Names of the hosts under test."""
    hosts = background.state(place())["hosts"]
    return [name for name, known in hosts.items() if known["spec"]["boots"]]


def light_names_with_policy() -> list[str]:
    """Names of the hosts that get a policy and do not boot, from the scenario's inventory."""
    path = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "inventory", "hosts.yml")
    groups = yaml.safe_load(path.read_text())["all"]["children"]
    with_policy = {
        name
        for group, content in groups.items()
        if group.startswith("timesensor_")
        for name in content["hosts"]
    }
    return sorted(with_policy - set(booted_names()))


def over_ssh(name: str) -> Any:
    """The host as testinfra sees it: over SSH, as root by sudo."""
    run_dir = Path(background.state(place())["run_dir"])
    # One connection for all commands, and the same that Ansible uses.
    control = booted.control_path(run_dir, name)
    return testinfra.get_host(
        f"ssh://{name}",
        ssh_config=f"{run_dir}/ssh/config",
        controlpath=shlex.quote(control),
        controlpersist=booted.PERSIST_SECONDS if control else 0,
        sudo=True,
    )


def lab_host(name: str) -> Host:
    """The host as the lab sees it, past all firewalls."""

    def known() -> bool:
        found = background.state(place())["hosts"].get(name)
        return found is None or linux.start_time(found["pid"]) == found["started"]

    # SSH answers a moment before the lab knows that a host has booted again.
    wait_for(known, booted.BOOT_SECONDS, f"the lab has not seen {name} boot", interval=0.1)
    return background.host(place(), name)


def connect(source: str, target: str, port: int, family: int = IPV4) -> str:
    """Try one TCP connection: `open`, `refused`, `timeout`, or the error's name."""
    address = _address(lab_host(target), family)
    with lab_host(source).socket(family) as client:
        client.settimeout(SECONDS)
        try:
            client.connect((address, port))
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return type(error).__name__
    return "open"


@contextlib.contextmanager
def listening(name: str, ports: Sequence[int], family: int = IPV4) -> Iterator[None]:
    """Accept TCP connections on a host, as an application would, until the block ends."""
    with contextlib.ExitStack() as open_sockets:
        for port in ports:
            server = open_sockets.enter_context(lab_host(name).socket(family))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("", port))
            server.listen(8)
        yield


def udp_answer(source: str, target: str, port: int) -> bool:
    """Whether a datagram reaches a program on the target and its answer comes back."""
    with (
        lab_host(target).socket(kind=socket.SOCK_DGRAM) as server,
        lab_host(source).socket(kind=socket.SOCK_DGRAM) as client,
    ):
        server.bind(("", port))
        server.settimeout(SECONDS)
        client.settimeout(SECONDS)

        def answer() -> None:
            with contextlib.suppress(OSError):
                data, peer = server.recvfrom(100)
                server.sendto(data, peer)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            client.sendto(b"question", (_address(lab_host(target), IPV4), port))
            return client.recv(100) == b"question"
        except OSError:
            return False
        finally:
            thread.join()


def quic_answers(source: str, target: str, port: int) -> bool:
    """Whether a QUIC server answers a version that nobody speaks, RFC 9000 section 6."""
    ids = b"\x08" + os.urandom(8) + b"\x08" + os.urandom(8)
    packet = (b"\xc0\x1a\x2a\x3a\x4a" + ids).ljust(1200, b"\0")
    with lab_host(source).socket(kind=socket.SOCK_DGRAM) as client:
        client.settimeout(SECONDS)
        try:
            client.sendto(packet, (_address(lab_host(target), IPV4), port))
            return client.recv(1500)[1:5] == bytes(4)
        except OSError:
            return False


def announcement_heard(source: str, listener: str, broadcast: str, port: int) -> bool:
    """Whether a UDP broadcast of one host is heard by another one of its subnet."""
    with (
        lab_host(listener).socket(kind=socket.SOCK_DGRAM) as server,
        lab_host(source).socket(kind=socket.SOCK_DGRAM) as client,
    ):
        server.bind(("", port))
        server.settimeout(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            client.sendto(b"announcement", (broadcast, port))
            return server.recv(100) == b"announcement"
        except OSError:
            return False


def fetch(source: str, url: str, family: int, *options: str) -> bytes:
    """Download by curl over one address family, which has to succeed."""
    only = "-4" if family == IPV4 else "-6"
    command = ["curl", "-sS", "--fail", "-m", "20", only, *options, url]
    return bytes(lab_host(source).run(command, check=True, text=False).stdout)


def _address(host: Host, family: int) -> str:
    return host.address if family == IPV4 else host.address6
