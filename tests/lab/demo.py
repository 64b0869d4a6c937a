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
from typing import Any

from lab import Lab, LabError, ansible, firm

PACKAGE = "/srv/lab/ftp/package.bin"
SEED = "demo"
GIB = 1024**3
CLIENT_PORTS = {"inside": ["lan0"], "outside": ["wan0"]}


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
            ("vsftpd", "update"),
            ("openssh", "update"),
            ("nginx", "licence"),
            ("mail", "mail"),
            ("tls_app", "datacentre"),
            ("quic", "datacentre"),
            ("tls_app", "outsider"),
            ("quic", "outsider"),
        ):
            services.start(name, host)
        self._write_inventory(email=True)

    def _write_inventory(self, email: bool, **server: Any) -> None:
        tree = json.loads(self.lab.inventory().read_text())
        children = tree["all"]["children"]
        groups = {
            "timesensor_classic": ["gateway", "server"],
            "timesensor_legal_365_server": ["datacentre"],
            "timesensor_legal_365_client": ["gateway", "workstation"],
        }
        for group, hosts in groups.items():
            children[group] = {"hosts": {host: {} for host in hosts}}
        update = {"host": "update.vendor.test"}
        licence = {"host": "licence.vendor.test"}
        mail = {"host": "mail.provider.test"}
        variables: dict[str, Any] = {
            "classic_endpoints": {"licence": licence, "update": update, "mail": mail},
            "legal_365_server_endpoints": {
                "licence": licence,
                "update": update,
                "mail": mail,
                "server": {"host": "outsider.test"},
            },
            "legal_365_client_endpoints": {
                "mail": mail,
                "server": {"host": "server365.datacentre.test"},
            },
            "legal_365_server_probe_from": ["workstation"],
            "legal_365_server_address": "server365.datacentre.test",
        }
        for role in ("classic", "legal_365_server", "legal_365_client"):
            variables[f"{role}_email_interface"] = email
        tree["all"]["vars"].update(variables)
        gateway = tree["all"]["hosts"]["gateway"]
        for role in ("classic", "legal_365_client"):
            gateway[f"{role}_enforcement"] = "gateway"
            gateway[f"{role}_interfaces"] = CLIENT_PORTS
        tree["all"]["hosts"]["server"].update(server)
        self.inventory.write_text(json.dumps(tree, indent=2))

    def without_email(self) -> None:
        """Switch the email interface off, and let the server deny what no flow names."""
        self._write_inventory(email=False, classic_default_egress="deny")

    def run(self, *words: str) -> str:
        """Print and run one command of Ansible; its output goes to the terminal, too."""
        program, *rest = words
        typed = shlex.join([program, "-i", "firm.yml", *rest])
        print(f"\n$ {typed}", flush=True)
        command = [ansible.program(program), "-i", str(self.inventory), *rest]
        environment = {
            **ansible.environment(self.lab.run_dir / "ansible"),
            **self.lab.ansible_env(),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
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
        if process.returncode != 0:
            raise DemoFailed(f"{typed}: exit code {process.returncode}")
        return "".join(lines)

    def module(self, on: str, name: str, /, **arguments: Any) -> str:
        """Run one module on one host."""
        return self.run(
            "ansible", on, "-m", f"legalops.timesensor.{name}", "-a", json.dumps(arguments)
        )

    def download(self, **more: Any) -> str:
        """Prove the download of the whole package from the firm's server."""
        return self.module(
            "server",
            "ftp_path",
            host="update.vendor.test",
            path="/package.bin",
            seed=SEED,
            expected_size=self.size,
            **more,
        )


def expect(output: str, *words: str) -> None:
    """Fail the demo when something that it promises is not in the output."""
    missing = [word for word in words if word not in output]
    if missing:
        raise DemoFailed(f"not seen: {', '.join(missing)}")


def heading(text: str) -> None:
    print(f"\n{'=' * 78}\n{text}\n{'=' * 78}", flush=True)


def play(demo: Demo) -> None:
    """The story, step by step."""
    heading("1. The vendor's update server gets a test package whose every byte is known")
    demo.module("update", "test_package", path=PACKAGE, size=demo.size, seed=SEED)

    heading("2. All three scenarios, applied and proved: every flow is open")
    shown = demo.run("ansible-playbook", "legalops.timesensor.onboard")
    if "changed=0" in shown.split("PLAY RECAP")[-1].split("gateway")[-1].split("\n")[0]:
        raise DemoFailed("the gateway's firewall was not changed")

    heading("3. A second run changes nothing")
    recap = demo.run("ansible-playbook", "legalops.timesensor.onboard").split("PLAY RECAP")[-1]
    if recap.count("changed=0") != 4:
        raise DemoFailed("a second run changed something")

    heading("4. A whole package by FTP, every byte compared")
    expect(demo.download(), "verdict: ok")

    heading("5. The FTP helper is gone: what blocks the download?")
    demo.lab["gateway"].nft("delete chain inet legalops_timesensor helper_prerouting\n")
    expect(demo.download(), "verdict: passive_data_blocked", "helper")

    heading("6. Applied again, and open again")
    demo.run("ansible-playbook", "legalops.timesensor.onboard", "--limit", "gateway")
    expect(demo.download(), "verdict: ok")

    heading("7. Without the email interface, on a host that denies the rest: mail is closed")
    demo.without_email()
    demo.run("ansible-playbook", "legalops.timesensor.onboard", "--limit", "server")
    shown = demo.module(
        "server",
        "flow_probe",
        targets=[
            {"id": f"mail/{port}", "host": "mail.provider.test", "port": port, "service": service}
            for port, service in ((465, "smtps"), (587, "submission"), (993, "imaps"))
        ],
        timeout=2,
    )
    if "verdict: open" in shown or "verdict: blocked_locally" not in shown:
        raise DemoFailed("the mail ports are not closed by the host's own policy")

    heading("8. Everything of ours is taken away")
    demo.run("ansible-playbook", "legalops.timesensor.offboard")
    if "legalops" in demo.lab["gateway"].ruleset():
        raise DemoFailed("the gateway still has rules of ours")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m lab.demo", description=__doc__)
    parser.add_argument("--size", type=int, default=GIB, help="bytes of the package (1 GiB)")
    chosen = parser.parse_args(arguments)
    try:
        with Lab(firm()) as lab:
            demo = Demo(lab, chosen.size)
            demo.prepare()
            play(demo)
    except (DemoFailed, LabError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    print("\ndemo: all steps ended as promised; nothing of it is left on this machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
