# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of one test: its own network and mount namespace, so that rules and files of ours touch
nothing else.

Lighter than a host of the lab: it shares the machine's programs and has only what `firewall_policy`
writes to private.
"""

from __future__ import annotations

import abc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2] / ".build"
_PRIVATE = ("/run", "/var/lib", "/etc/systemd/system")
_ENGINE = "ansible_collections.legalops.timesensor.plugins.module_utils._transaction.engine"
_CALL = f"""
import json, sys
from {_ENGINE} import apply_policy, audit_policy
from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    TimesensorError,
)
verb, params, check = json.load(sys.stdin)
try:
    result = apply_policy(params, check) if verb == "apply" else audit_policy(params)
except TimesensorError as error:
    result = {{"failed": True, "msg": error.message, **error.details}}
json.dump(result, sys.stdout)
"""


class EngineHost(abc.ABC):
    """A host on which the engine of firewall_policy runs, and what the tests ask it."""

    # The folder above ansible_collections and the Python, as the host sees them.
    code = str(_ROOT)
    python = os.environ.get("TIMESENSOR_TARGET_PYTHON", sys.executable)

    @abc.abstractmethod
    def command(self, *words: str) -> list[str]:
        """Return the machine's command line that runs `words` on the host."""

    def run(self, *words: str, stdin: str = "") -> str:
        """Run a command on the host and return what it prints; it must succeed."""
        done = subprocess.run(
            self.command(*words), input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
        return done.stdout

    def nft(self, text: str) -> None:
        self.run("nft", "-f", "-", stdin=text)

    def rules(self) -> str:
        return self.run("nft", "-s", "list", "ruleset")

    def state(self) -> str:
        """Return all that a removal must bring back: rules, and every file and link in the places
        that we write to."""
        files = self.run("find", *_PRIVATE, "-xdev", "-printf", "%p %y %m %l\n")
        return self.rules() + files

    def apply(self, params: dict[str, Any], check: bool = False) -> dict[str, Any]:
        return self._call("apply", params, check)

    def remove(self, name: str, check: bool = False) -> dict[str, Any]:
        return self._call("apply", {"name": name, "state": "absent"}, check)

    def audit(self, params: dict[str, Any]) -> dict[str, Any]:
        return self._call("audit", params, False)

    def audit_states(self, params: dict[str, Any]) -> dict[str, str]:
        return {flow["flow"]: flow["state"] for flow in self.audit(params)["flows"]}

    def engine_command(self, *before: str) -> list[str]:
        """Return the command that reads verb, parameters and check mode as JSON from its standard
        input.

        `before` are words that go before it, for example to become another user.
        """
        return self.command(*self.python_words(_CALL, *before))

    def python_words(self, program: str, *before: str) -> list[str]:
        """Return the words that run a Python program with this code, inside the host."""
        environment = (f"PYTHONPATH={self.code}", "PYTHONDONTWRITEBYTECODE=1")
        return ["env", *environment, *before, self.python, "-c", program]

    def _call(self, verb: str, params: dict[str, Any], check: bool) -> dict[str, Any]:
        return self.call([], verb, params, check)

    def call(
        self, before: list[str], verb: str, params: dict[str, Any], check: bool = False
    ) -> dict[str, Any]:
        """Run the engine once, with the words `before` in front of its command."""
        done = subprocess.run(
            self.engine_command(*before),
            input=json.dumps([verb, params, check]),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert isinstance(result, dict)
        return result


class PrivateHost(EngineHost):
    """A host in namespaces of its own on the machine's programs.

    Use as a context manager; everything is gone when its one process ends.
    """

    def __enter__(self) -> PrivateHost:
        mounts = " && ".join(f"mount -t tmpfs tmpfs {path}" for path in _PRIVATE)
        self._process = subprocess.Popen(
            [
                *("unshare", "--net", "--mount", "--propagation", "private", "--kill-child"),
                *("sh", "-c", f"{mounts} && ip link set lo up && echo ready && cat"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_unused: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)

    @property
    def pid(self) -> int:
        return self._process.pid

    def command(self, *words: str) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-n", "-m", *words]

    def cable_to(
        self, other: PrivateHost, here: str, there: str, device: str = "eth0", far: str = "eth0"
    ) -> None:
        """Connect the two hosts: `here` and `there` are their addresses with prefix length,
        `device` and `far` their interfaces."""
        peer = ("peer", "name", far, "netns", str(other.pid))
        self.run("ip", "link", "add", device, "type", "veth", *peer)
        for host, address, name in ((self, here, device), (other, there, far)):
            host.run("ip", "address", "add", address, "dev", name)
            host.run("ip", "link", "set", name, "up")
