# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible connection to a host of the lab, by nsenter.

No key and no network path through the firewall under test.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

DOCUMENTATION = """
name: lab
short_description: Run tasks in a host of the network namespace lab
description:
  - Enters the namespaces of the host's init process.
  - Needs root on the controller, which is the lab's machine.
author: legalops.timesensor contributors
options:
  lab_pid:
    description: Pid of the host's init process as the machine sees it.
    type: int
    required: true
    vars:
      - name: lab_pid
  lab_started:
    description:
      - Start time of that process. With it a pid that another process has got since is refused.
    type: str
    required: true
    vars:
      - name: lab_started
extends_documentation_fragment:
  - connection_pipelining
"""

display = Display()

# The same as lab.host.enter_argv, which cannot be imported here: Ansible loads this file alone.
_DROPPED = "-mknod,-sys_boot,-sys_module,-sys_rawio,-sys_time,-syslog"
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


class Connection(ConnectionBase):  # type: ignore[misc]
    """Runs a command line in a lab host; files go through cat, so that links are the host's own."""

    transport = "lab"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def _argv(self) -> list[str]:
        pid = self.get_option("lab_pid")
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            fields = []
        if not fields or fields[19] != self.get_option("lab_started"):
            raise AnsibleConnectionFailure(
                f"the lab host with pid {pid} is gone: does the lab of this inventory still run?"
            )
        # fmt: off
        return [
            "nsenter", "-a", "-t", str(pid), "--",
            "setpriv", "--pdeathsig", "KILL", "--bounding-set", _DROPPED, "--",
        ]
        # fmt: on

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run a shell command line; returns rc, stdout, stderr."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        display.vvv(f"EXEC {cmd}", host=self._play_context.remote_addr)
        done = subprocess.run(
            [*self._argv(), "/bin/sh", "-c", cmd],
            input=in_data or b"",
            capture_output=True,
            env=_ENVIRONMENT,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the controller into the host."""
        super().put_file(in_path, out_path)
        try:
            with open(to_bytes(in_path), "rb") as source:
                self._copy(f"cat > {shlex.quote(out_path)}", out_path, stdin=source)
        except FileNotFoundError as error:
            raise AnsibleFileNotFound(f"file or module does not exist: {in_path}") from error

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the host to the controller."""
        super().fetch_file(in_path, out_path)
        with open(to_bytes(out_path), "wb") as target:
            self._copy(
                f"cat {shlex.quote(in_path)}", in_path, stdin=subprocess.DEVNULL, stdout=target
            )

    def _copy(self, script: str, path: str, **streams: Any) -> None:
        done = subprocess.run(
            [*self._argv(), "/bin/sh", "-c", script],
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            check=False,
            **streams,
        )
        if done.returncode != 0:
            reason = done.stderr.decode(errors="replace").strip()
            raise AnsibleConnectionFailure(f"copying {path} failed: {reason}")

    def close(self) -> None:
        """Nothing is kept open."""
        self._connected = False
