# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all services share.

Start a process in the foreground, wait until it accepts, stop all it became.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ..errors import LabError
from ..host import Host, HostProcess, wait_for


class Service:
    """A running server. `log()` is what it wrote to its standard output and error."""

    def __init__(self, name: str, host: Host, process: HostProcess, log: IO[bytes]) -> None:
        self.name = name
        self.host = host
        self.process = process
        self._log = log

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's pid as the machine sees it."""
        return self.process.inner_pid

    def log(self) -> str:
        """What the server has said so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        """Kill the server with all its children; harmless when it has ended."""
        if self.process.poll() is None:
            self.process.kill_tree()
        self._log.close()


def launch(
    name: str,
    host: Host,
    command: Sequence[str],
    ports: Sequence[int | str],
    *,
    env: dict[str, str] | None = None,
    stdin_to_log: bool = False,
    timeout: float = 10,
) -> Service:
    """Start a server that stays in the foreground; returns once all its ports accept.

    `stdin_to_log` is for servers that complain on their standard input (vsftpd).

    `ports` are TCP numbers, or strings such as "19813/udp". Raises LabError with the server's own
    words when it ends early or when a port is taken already.
    """
    wanted = [
        (int(number), protocol or "tcp")
        for number, _unused, protocol in (str(port).partition("/") for port in ports)
    ]
    taken = [
        f"{number}/{protocol}" for number, protocol in wanted if host.listening(number, protocol)
    ]
    if taken:
        raise LabError(f"{name} on {host.name}: something listens on {', '.join(taken)} already")
    path = host.disk.parent.parent / f"{host.name}-{name}.log"
    # One open file for writing and reading: appended by the server, read at its own offset by
    # log().
    with path.open("ab") as writer:
        process = host.popen(
            command,
            env=env,
            stdin=writer if stdin_to_log else subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = Service(name, host, process, path.open("rb"))

    def up() -> bool:
        if process.poll() is not None:
            raise LabError(
                f"{name} on {host.name} ended with rc {process.returncode}: {service.log().strip()}"
            )
        return all(host.listening(number, protocol) for number, protocol in wanted)

    try:
        wait_for(up, timeout, f"{name} on {host.name} does not accept on {list(ports)}")
    except LabError:
        service.stop()
        raise
    return service


def guest_program(host: Host, name: str) -> str:
    """Put one of the lab's own small servers (lab/guest) into the host; returns its path there."""
    source = Path(__file__).resolve().parent.parent / "guest" / name
    path = f"/opt/lab/{name}"
    host.write(path, source.read_bytes())
    return path
