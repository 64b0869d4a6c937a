# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole job on real parts: a firm is built, the roles apply and prove, one thing breaks and is
mended.

`python -m lab.demo`, as root. Everything happens in network namespaces that end with this process.
Each command that is run is printed as a user would type it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from lab import Lab, LabError, ansible, firm
from lab.footprint import supervised

GIB = 1024**3
SIDES = {"inside": ["lan0"], "outside": ["wan0"]}
MAIL = {465: "smtps", 587: "submission", 993: "imaps", 995: "pop3s"}
# Hosts that enforce a scenario on themselves, one for each role.
HOSTS = {"server": "classic", "datacentre": "legal_365_server", "workstation": "legal_365_client"}
# Through the gateway for its own policy and for the server's, and from the data centre.
DOWNLOADS = 3


class DemoFailed(Exception):
    """A step ended differently from what the demo promises."""


class Demo:
    """One firm and the commands that are run against it."""

    def __init__(self, lab: Lab, size: int) -> None:
        self.lab = lab
        self.size = size
        self.inventory = lab.run_dir / "firm.yml"

    def prepare(self) -> None:
        """Start the internet side's servers and write the inventory that a user would write."""
        services = self.lab.services
        for name, host in (
            ("openssh", "update"),
            ("nginx", "licence"),
            ("mail", "mail"),
            ("tls_app", "datacentre"),
            ("quic", "datacentre"),
            ("tls_app", "outsider"),
            ("quic", "outsider"),
        ):
            services.start(name, host)
        self.write_inventory(email=True)
        print("firm.yml, without what only the lab needs:\n")
        # By way of JSON, so that no value is the same object as another and becomes an alias.
        groups = json.loads(json.dumps(self._groups(email=True)))
        print(yaml.safe_dump(groups, sort_keys=False), flush=True)

    def write_inventory(self, email: bool, egress: str = "untouched") -> None:
        """Write what a user would write; `egress` is the default of the hosts, not the gateway."""
        tree = json.loads(self.lab.inventory().read_text())
        tree["all"]["children"].update(self._groups(email, egress))
        self.inventory.write_text(json.dumps(tree, indent=2))

    def _groups(self, email: bool, egress: str = "untouched") -> dict[str, Any]:
        """Return one group per scenario, and one for the server of the test package."""
        update = {
            "host": "update.vendor.test",
            "path": "/timesensor-test-package.bin",
            "seed": "timesensor",
            "expected_size": self.size,
        }
        endpoints = {
            "licence": {"host": "licence.vendor.test"},
            "update": update,
            "mail": {"host": "mail.provider.test"},
        }
        gateway = {
            "enforcement": "gateway",
            "interfaces": SIDES,
            "email_interface": email,
        }
        host = {"email_interface": email, "default_egress": egress}
        server = {"host": "server365.datacentre.test"}
        return {
            "timesensor_update_server": {
                "hosts": {
                    "update": {
                        "update_server_directory": "/srv/lab/ftp",
                        "update_server_size": self.size,
                    }
                },
            },
            "timesensor_classic": {
                "vars": {"classic_endpoints": endpoints},
                "hosts": {
                    "gateway": _prefixed("classic", {**gateway, "prove_on": ["server"]}),
                    "server": _prefixed("classic", {**host, "announce_to": ["workstation"]}),
                },
            },
            "timesensor_legal_365_server": {
                "vars": {
                    "legal_365_server_endpoints": {
                        **endpoints,
                        "server": {"host": "outsider.test"},
                    }
                },
                "hosts": {
                    "datacentre": _prefixed(
                        "legal_365_server",
                        {
                            **host,
                            "address": server["host"],
                            "probe_from": ["workstation"],
                            "announce_to": ["licence"],
                        },
                    )
                },
            },
            "timesensor_legal_365_client": {
                "vars": {
                    "legal_365_client_endpoints": {"mail": endpoints["mail"], "server": server}
                },
                "hosts": {
                    "gateway": _prefixed(
                        "legal_365_client", {**gateway, "prove_on": ["workstation"]}
                    ),
                    "workstation": _prefixed("legal_365_client", host),
                },
            },
        }

    def run(self, *words: str, code: int = 0) -> str:
        """Print and run one command of Ansible, which has to end with `code`; its output goes to
        the terminal, too."""
        program, *rest = words
        typed = shlex.join([program, "-i", "firm.yml", *rest])
        print(f"\n$ {typed}", flush=True)
        command = [*ansible.command(program), "-i", str(self.inventory), *rest]
        environment = {
            **ansible.environment(self.lab.run_dir / "ansible"),
            **self.lab.ansible_env(),
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        }
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            lines = []
            for line in process.stdout or ():
                sys.stdout.write(line)
                sys.stdout.flush()
                lines.append(line)
        if process.returncode != code:
            raise DemoFailed(f"{typed}: exit code {process.returncode}")
        return "".join(lines)

    def playbook(self, name: str, *options: str, code: int = 0) -> str:
        """Run one playbook of the collection."""
        return self.run("ansible-playbook", f"legalops.timesensor.{name}", *options, code=code)


def _prefixed(role: str, variables: dict[str, Any]) -> dict[str, Any]:
    return {f"{role}_{name}": value for name, value in variables.items()}


def expect(output: str, *words: str) -> None:
    """Fail the demo when something that it promises is not in the output."""
    missing = [word for word in words if word not in output]
    if missing:
        raise DemoFailed(f"not seen: {', '.join(missing)}")


def heading(text: str) -> None:
    print(f"\n{'=' * 78}\n{text}\n{'=' * 78}", flush=True)


def expect_all_open(output: str) -> None:
    """Fail the demo unless the last table has every flow as it should be, without a warning, and
    every host and scenario in it."""
    expect(output, " as wanted, 0 with a warning, 0 not as wanted, 0 not probed")
    if "proved, it was not reached" in output:
        raise DemoFailed("a host or a scenario is missing in the table")


def play(demo: Demo) -> None:
    """The story, step by step."""
    heading("1. A test package beyond the gateway; all three scenarios, applied and proved")
    shown = demo.playbook("demo")
    expect_all_open(shown)
    if shown.count(f"{demo.size:,} bytes compared") != DOWNLOADS:
        raise DemoFailed(f"not all {DOWNLOADS} downloads were whole, with every byte compared")

    heading("2. A second run changes nothing")
    recap = demo.playbook("demo").split("PLAY RECAP")[-1]
    if recap.count("changed=0") != len(HOSTS) + 2:
        raise DemoFailed("a second run changed something")

    heading("3. The gateway has lost its FTP helper: what blocks the download?")
    demo.lab["gateway"].nft("delete chain inet legalops_timesensor helper_prerouting\n")
    shown = demo.playbook("verify", "--limit", "server", code=2)
    expect(shown, "passive_data_blocked", "Load the FTP connection tracking helper AND assign it")

    heading("4. Applied again, and open again")
    expect_all_open(demo.playbook("onboard", "--limit", "gateway,server"))

    heading("5. Without the email interface, on hosts that deny the rest: mail is closed")
    demo.write_inventory(email=False, egress="deny")
    expect_all_open(demo.playbook("onboard"))
    targets = [
        {"id": f"mail/{port}", "host": "mail.provider.test", "port": port, "service": service}
        for port, service in MAIL.items()
    ]
    shown = demo.run(
        "ansible",
        ":".join(HOSTS),
        *("-m", "legalops.timesensor.flow_probe"),
        *("-a", json.dumps({"targets": targets, "timeout": 2})),
    )
    if shown.count('"verdict": "blocked_locally"') != len(HOSTS) * len(MAIL):
        raise DemoFailed("not all mail ports are closed by the hosts' own policies")

    heading("6. Everything of ours is taken away")
    demo.playbook("offboard")
    for name, host in demo.lab.hosts.items():
        if "legalops" in host.ruleset():
            raise DemoFailed(f"{name} still has rules of ours")


def _story(size: int) -> int:
    """Tell it from an empty machine to an empty machine; return 1 when it ended otherwise."""
    try:
        with Lab(firm()) as lab:
            demo = Demo(lab, size)
            demo.prepare()
            play(demo)
    except (DemoFailed, LabError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    print("\ndemo: all steps ended as promised")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0, 130 after Ctrl-C, or 1 when anything is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m lab.demo", description=__doc__)
    parser.add_argument("--size", type=int, default=GIB, help="bytes of the package (1 GiB)")
    parser.add_argument(
        "--before",
        type=Path,
        metavar="FILE",
        help="snapshot of the machine before set-up, made by tests/lab/machine.py (now)",
    )
    chosen = parser.parse_args(arguments)
    return supervised("demo", lambda: _story(chosen.size), chosen.before)


if __name__ == "__main__":
    sys.exit(main())
