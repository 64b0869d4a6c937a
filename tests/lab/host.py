# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as its user sees it.

Run commands in it, read and write its files, open sockets in its network.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import linux
from .errors import CommandFailed, LabError
from .topology import HostSpec

# What a lab host must not be able to touch, although its root is the machine's root user.
DROPPED_CAPABILITIES = "-mknod,-sys_boot,-sys_module,-sys_rawio,-sys_time,-syslog"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


def enter_argv(pid: int, dropped: str = DROPPED_CAPABILITIES) -> list[str]:
    """The command prefix that runs something inside the host whose init is `pid`.

    nsenter has to stay outside as the parent, so the child asks to be killed with it (--pdeathsig):
    a command that is timed out or whose caller dies does not live on in the host.
    """
    # fmt: off
    return [
        "nsenter", "-a", "-t", str(pid), "--",
        "setpriv", "--pdeathsig", "KILL", "--bounding-set", dropped, "--",
    ]
    # fmt: on


class HostProcess(subprocess.Popen[Any]):
    """A process in a host.

    Signals go to the command itself, not to the nsenter that leads to it.
    """

    @property
    def inner_pid(self) -> int | None:
        """The command's pid as the machine sees it, None once it has ended."""
        found = linux.descendants(self.pid)
        return found[1] if len(found) > 1 else None

    def send_signal(self, sig: int) -> None:
        inner = self.inner_pid
        if inner is not None and self.poll() is None:
            _signal(inner, sig)
        else:
            super().send_signal(sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill_tree(self, timeout: float = 10) -> None:
        """Kill the command and all it started, and wait until they are gone."""
        starts: dict[int, str | None] = {}

        def frozen() -> bool:
            """Whether we know all of it: what was stopped before we looked has no new child."""
            known_are_stopped = not any(linux.can_fork(pid) for pid in starts)
            fresh = [pid for pid in linux.descendants(self.pid)[1:] if pid not in starts]
            for pid in fresh:
                starts[pid] = linux.start_time(pid)
                _signal(pid, signal.SIGSTOP)
            return known_are_stopped and not fresh

        try:
            wait_for(frozen, timeout, f"what {self.pid} has started could not be stopped")
        finally:  # nothing stays behind stopped
            for pid in starts:
                _signal(pid, signal.SIGKILL)
        if not starts:  # nsenter has not come to its command, or it has ended
            self.kill()

        def reaped() -> bool:
            """Whether nsenter has ended. It stops itself when it sees its child stopped, and nobody
            but it would take the child's end."""
            if self.poll() is None:
                _signal(self.pid, signal.SIGCONT)
            return self.returncode is not None

        wait_for(reaped, timeout, f"{self.pid} did not end")
        wait_for(
            lambda: all(linux.start_time(pid) != start for pid, start in starts.items() if start),
            timeout,
            f"processes {list(starts)} did not end",
        )


def _signal(pid: int, number: int) -> None:
    """As Popen itself: it may have ended in between."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


class Host:
    """One running host; `pid` is its init process as the machine sees it (for nsenter)."""

    def __init__(self, spec: HostSpec, pid: int, addresses: Sequence[str], disk: Path) -> None:
        self.spec = spec
        self.name = spec.name
        self.pid = pid
        self.addresses = list(addresses)
        self.disk = disk  # the machine's side of /srv/lab: on disk, gone with the lab
        self.started = linux.start_time(pid)

    def __repr__(self) -> str:
        return f"<lab host {self.name} pid {self.pid}>"

    @property
    def address(self) -> str:
        """The IPv4 address of the first interface."""
        return self.addresses[0]

    @property
    def address6(self) -> str:
        """The IPv6 address of the first interface."""
        return self.addresses[1]

    def alive(self) -> bool:
        """Whether the host still runs."""
        return self.started is not None and linux.start_time(self.pid) == self.started

    def argv(self, command: Sequence[str], cwd: str | None = None) -> list[str]:
        """The machine's command line that runs `command` inside the host.

        Raises LabError when the host is gone: entering a pid that someone else has got would run it
        elsewhere.
        """
        if not self.alive():
            raise LabError(f"host {self.name} is not running any more")
        inside = ["env", "-C", cwd, "--"] if cwd else []
        return [*enter_argv(self.pid), *inside, *command]

    def run(
        self,
        command: Sequence[str],
        *,
        check: bool = False,
        input: str | bytes | None = None,
        timeout: float = 60,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        text: bool = True,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a command to its end and catch its output.

        With `check`, CommandFailed when rc is not 0.
        """
        try:
            result: subprocess.CompletedProcess[Any] = subprocess.run(
                self.argv(command, cwd),
                input=input if input is not None else ("" if text else b""),
                capture_output=True,
                timeout=timeout,
                env={**ENVIRONMENT, **(env or {})},
                text=text,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(
                f"{self.name}: {' '.join(command)!r} was killed after {timeout:g} s"
            ) from error
        if check and result.returncode != 0:
            out, err = (
                part if isinstance(part, str) else part.decode(errors="replace")
                for part in (result.stdout, result.stderr)
            )
            raise CommandFailed(self.name, command, result.returncode, out, err)
        return result

    def sh(self, script: str, **options: Any) -> str:
        """Run a shell script, fail when it fails, return its standard output."""
        options.setdefault("check", True)
        return str(self.run(["sh", "-euc", script], **options).stdout)

    def popen(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        **options: Any,
    ) -> HostProcess:
        """Start a command.

        Options as for subprocess.Popen (stdin and outputs are /dev/null unless given).
        """
        for name in ("stdin", "stdout", "stderr"):
            options.setdefault(name, subprocess.DEVNULL)
        return HostProcess(self.argv(command, cwd), env={**ENVIRONMENT, **(env or {})}, **options)

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file (and the folders above it), replacing what was there.

        Through a process in the host and not through /proc/PID/root, where an absolute symbolic
        link of the host would lead into the machine's own files.
        """
        data = content.encode() if isinstance(content, str) else content
        self.run(
            ["install", "-D", "-m", f"{mode:04o}", "/dev/stdin", path],
            input=data,
            text=False,
            check=True,
        )

    def read(self, path: str) -> str:
        """A text file's content."""
        return str(self.run(["cat", "--", path], check=True).stdout)

    def read_bytes(self, path: str) -> bytes:
        """A file's content."""
        return bytes(self.run(["cat", "--", path], check=True, text=False).stdout)

    def exists(self, path: str) -> bool:
        """Whether the path exists (a broken link does)."""
        script = 'test -e "$1" || test -L "$1"'
        return self.run(["sh", "-c", script, "sh", path]).returncode == 0

    def nft(self, ruleset: str) -> None:
        """Load nft commands in one transaction; nft 1.0.6 wants a line's end after each `}`."""
        self.run(["nft", "-f", "-"], input=ruleset, check=True)

    def ruleset(self) -> str:
        """`nft -s list ruleset`: the live rules without counters."""
        return str(self.run(["nft", "-s", "list", "ruleset"], check=True).stdout)

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of this process that lives in the host's network."""
        return linux.socket_in(f"/proc/{self.pid}/ns/net", family, kind)

    def listening(self, port: int, protocol: str = "tcp") -> bool:
        """Whether something listens on the port, in either address family (/proc/PID/net)."""
        wanted_state = "0A" if protocol == "tcp" else "07"
        for suffix in ("", "6"):
            try:
                lines = Path(f"/proc/{self.pid}/net/{protocol}{suffix}").read_text().splitlines()
            except OSError:
                continue
            for line in lines[1:]:
                _unused, local, _unused, state = line.split()[:4]
                if state == wanted_state and int(local.rpartition(":")[2], 16) == port:
                    return True
        return False

    def processes(self) -> list[int]:
        """Pids, as the machine sees them, of all that runs in the host beside its init."""
        own = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.pid:
                try:
                    if os.readlink(entry / "ns/pid") == own:
                        found.append(int(entry.name))
                except OSError:
                    continue
        return sorted(found)


def wait_for(
    condition: Callable[[], object], timeout: float, otherwise: str, interval: float = 0.005
) -> None:
    """Look until the condition holds.

    LabError with the text `otherwise` when it does not in time.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{otherwise} within {timeout:g} s")
        time.sleep(interval)
