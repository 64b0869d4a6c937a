# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three hosts for flow_probe and flow_listener: a client, a router and a server, as network
namespaces.

Nothing is made outside of them: the cables are created inside. Each host ends by itself after
`LIFETIME` seconds, so that a killed test run leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIFETIME = 300
_ENGINE = "ansible_collections.legalops.timesensor.plugins.module_utils._probe"
_PROBE = f"""
import json, sys, time
from {_ENGINE}.engine import probe
targets, timeout, family = json.load(sys.stdin)
started = time.monotonic()
results = probe(targets, timeout, family)
usage = __import__("resource").getrusage(__import__("resource").RUSAGE_SELF)
json.dump([results, time.monotonic() - started, usage.ru_utime + usage.ru_stime], sys.stdout)
"""


_LISTEN = f"""
import json, sys
from {_ENGINE}.module import run_listener
params = {{"name": "default", "state": "started", "ttl": 60, **json.load(sys.stdin)}}
json.dump(run_listener(params, False), sys.stdout)
"""


class Host:
    """One network namespace with a private /run; use `close` at the end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._children: list[subprocess.Popen[bytes]] = []
        self._keeper = subprocess.Popen(
            [
                *("unshare", "-n", "-m", "--propagation", "private", "sh", "-c"),
                "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready"
                f" && exec sleep {LIFETIME}",
            ],
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"ready\n", f"host {name} did not start"

    @property
    def pid(self) -> int:
        return self._keeper.pid

    def enter(self, *argv: str) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-n", "-m", *argv]

    def run(self, *argv: str, stdin: str = "") -> str:
        done = subprocess.run(
            self.enter(*argv), input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{self.name}: {argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def sh(self, script: str) -> str:
        return self.run("sh", "-ec", script)

    def nft(self, ruleset: str) -> None:
        """Load a ruleset in place of the one before; an empty one opens everything."""
        self.run("nft", "-f", "-", stdin=f"flush ruleset\n{ruleset}\n")

    def start(self, *argv: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a server that says one line when it is ready; it is stopped with the host."""
        child = subprocess.Popen(
            self.enter(*argv), stdout=subprocess.PIPE, env={**os.environ, **(env or {})}
        )
        self._children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n", f"{self.name}: {argv} did not get ready"
        return child

    def probe(
        self,
        *targets: dict[str, Any],
        timeout: float = 1.5,
        family: str = "auto",
        root: bool = True,
        wrap: tuple[str, ...] = (),
    ) -> Probed:
        """Run the engine on this host. Without `root` it lacks the right to a packet socket."""
        less = () if root else ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
        argv = [*wrap, *less, sys.executable, "-c", _PROBE]
        return Probed(*self._python(argv, [targets, timeout, family]))

    def listen(self, **params: Any) -> dict[str, Any]:
        """Run flow_listener's engine on this host with these options."""
        found: dict[str, Any] = self._python([sys.executable, "-c", _LISTEN], params)
        return found

    def _python(self, argv: list[str], payload: Any) -> Any:
        done = subprocess.run(
            self.enter(*argv),
            input=json.dumps(payload),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / ".build")},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def close(self) -> None:
        for child in [*self._children, self._keeper]:
            child.kill()
            child.wait()


class Probed:
    """What a run gave: results by id, wall and CPU seconds."""

    def __init__(self, results: list[dict[str, Any]], wall: float, cpu: float) -> None:
        self.results = {result["id"]: result for result in results}
        self.wall = wall
        self.cpu = cpu

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.results[name]

    def short(self, name: str) -> tuple[str, str, str]:
        result = self.results[name]
        return result["verdict"], result["status"], result["confidence"]

    def values(self, name: str) -> str:
        """All evidence of one result as text."""
        evidence = self.results[name]["evidence"]
        return "; ".join(f"{item['what']}: {item['value']}" for item in evidence)


def cable(left: Host, left_name: str, right: Host, right_name: str) -> None:
    """Connect two hosts directly."""
    subprocess.run(
        [
            *("ip", "link", "add", left_name, "netns", str(left.pid), "type", "veth"),
            *("peer", "name", right_name, "netns", str(right.pid)),
        ],
        check=True,
    )


class Firm:
    """client 10.71.0.2 - 10.71.0.1 router 10.72.0.1 - 10.72.0.2 server, and the same in
    fd71::/fd72::."""

    client_address = "10.71.0.2"
    inside = "10.71.0.1"
    outside = "10.72.0.1"
    server_address = "10.72.0.2"
    server_address6 = "fd72::2"

    def __init__(self) -> None:
        self.client = Host("client")
        self.router = Host("router")
        self.server = Host("server")
        cable(self.client, "eth0", self.router, "lan0")
        cable(self.router, "wan0", self.server, "eth0")
        self.router.sh(
            "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"
            # Routers limit their errors, and most tests want to see each of them.
            " net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0;"
            "ip addr add 10.71.0.1/24 dev lan0; ip addr add fd71::1/64 dev lan0 nodad;"
            "ip addr add 10.72.0.1/24 dev wan0; ip addr add fd72::1/64 dev wan0 nodad;"
            "ip link set lan0 up; ip link set wan0 up"
        )
        for host, net in ((self.client, 71), (self.server, 72)):
            host.sh(
                f"ip addr add 10.{net}.0.2/24 brd + dev eth0;"
                f"ip addr add fd{net}::2/64 dev eth0 nodad; ip link set eth0 up;"
                f"ip route add default via 10.{net}.0.1; ip -6 route add default via fd{net}::1"
            )
        self._wait_for_links()

    def _wait_for_links(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            shown = self.server.run("ip", "-6", "addr", "show", "dev", "eth0")
            if "tentative" not in shown:
                return
            time.sleep(0.1)

    def serve(self, *specs: str) -> None:
        """Start small servers on the server: see `flow_servers.py`."""
        self.server.start(sys.executable, str(Path(__file__).with_name("flow_servers.py")), *specs)

    def use_name_server(self, address: str) -> None:
        """Have the client ask this name server only; seen by the client alone."""
        self.client.sh(
            f"printf 'nameserver {address}\\noptions timeout:1 attempts:1\\n' >/run/resolv.conf;"
            "mount --bind /run/resolv.conf /etc/resolv.conf"
        )

    def reset(self) -> None:
        for host in (self.client, self.router, self.server):
            host.nft("")

    def close(self) -> None:
        for host in (self.client, self.router, self.server):
            host.close()


SERVER = Firm.server_address
SERVER6 = Firm.server_address6
CLIENT = Firm.client_address
ROUTER = Firm.inside


def chain(hook: str, *rules: str, kind: str = "filter", priority: int = 0) -> str:
    body = "".join(f"{rule};\n" for rule in rules)
    return (
        f"table inet {hook}_{kind} {{\nchain c {{\n"
        f"type {kind} hook {hook} priority {priority};\n{body}}}\n}}\n"
    )


def tcp(name: str, port: int, host: str = SERVER, **more: Any) -> dict[str, Any]:
    return {"id": name, "host": host, "port": port, **more}


def udp(name: str, port: int, host: str = SERVER, **more: Any) -> dict[str, Any]:
    return {"id": name, "host": host, "port": port, "protocol": "udp", **more}
