# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that boot: systemd as pid 1, sshd, files that outlive a reboot, and the way in over SSH.

The machine has no address in the lab. Its ssh gets a TCP connection of the lab's admin host handed
over by a small program (tunnel.py), so every packet of it passes the firewalls under test.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from .errors import LabError
from .host import Host, wait_for
from .root import ADMIN

BOOT_SECONDS = 40.0
# How long a connection waits to be used again.
PERSIST_SECONDS = 10
# How the first process of a pid namespace ends that was switched off, reboot(2) NOTES. A reboot
# ends it with SIGHUP.
_SWITCHED_OFF = signal.SIGINT
_LONGEST_SOCKET = 107
# ssh makes the socket under a name of its own before it gives it the right one.
_SUFFIX_OF_SSH = 17
_TUNNEL = Path(__file__).with_name("tunnel.py")


def make_keys(run_dir: Path, hosts: Iterable[Host]) -> None:
    """A key for the admin and one for each host, and the ssh_config that uses them."""
    place = run_dir / "ssh"
    place.mkdir(mode=0o700)
    _new_key(place / "id")
    known, entries = [], []
    for host in hosts:
        _new_key(place / host.name)
        known.append(f"{host.name},{host.address} {(place / f'{host.name}.pub').read_text()}")
        entries.append(f"Host {host.name} {host.address}\n    HostName {host.address}\n")
    (place / "known_hosts").write_text("".join(known))
    # ssh replaces %h and %p, then a shell splits the line.
    words = [
        shlex.quote(str(path)).replace("%", "%%") for path in (sys.executable, _TUNNEL, run_dir)
    ]
    program = "{} -I -S {} {} admin %h %p".format(*words)
    (place / "config").write_text(
        "".join(entries) + "Host *\n"
        f"    User {ADMIN}\n"
        f'    IdentityFile "{place}/id"\n'
        "    IdentitiesOnly yes\n"
        f'    UserKnownHostsFile "{place}/known_hosts"\n'
        "    GlobalKnownHostsFile /dev/null\n"
        "    StrictHostKeyChecking yes\n"
        "    BatchMode yes\n"
        "    ConnectTimeout 10\n"
        # A host that is gone says nothing.
        "    ServerAliveInterval 5\n"
        "    ServerAliveCountMax 3\n"
        "    ControlMaster no\n"
        "    ControlPath none\n"
        f"    ProxyCommand {program}\n"
        "    ProxyUseFdpass yes\n"
    )


def ansible_arguments(run_dir: Path, name: str) -> str:
    """Arguments of Ansible's ssh: the lab's ssh_config, and connections that are used again.

    That is Ansible's own default, but for the place of the sockets. It is left out where their
    paths would be too long, unix(7).
    """
    arguments = f"-F {shlex.quote(str(run_dir / 'ssh' / 'config'))}"
    control = control_path(run_dir, name)
    if control:
        persist = f"-o ControlMaster=auto -o ControlPersist={PERSIST_SECONDS}s"
        arguments += f" {persist} -o {shlex.quote(f'ControlPath={control}')}"
    return arguments


def control_path(run_dir: Path, name: str) -> str:
    """Path of the socket over which a connection is used again; empty where it is too long."""
    path = str(run_dir / "ssh" / f"{name}.sock")
    return path if len(path) + _SUFFIX_OF_SSH <= _LONGEST_SOCKET else ""


def end_connections(run_dir: Path) -> None:
    """End the connections that wait to be used again: their other end will not tell them."""
    for path in (run_dir / "ssh").glob("*"):
        if path.is_socket():
            subprocess.run(
                ["ssh", "-F", "none", "-O", "exit", "-o", f"ControlPath={path}", path.name],
                capture_output=True,
                check=False,
            )


def _new_key(path: Path) -> None:
    try:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)],
            check=True,
        )
    except FileNotFoundError:
        raise LabError(
            "hosts that boot are reached by SSH, and this machine has no ssh-keygen: "
            "apt-get install openssh-client (`make setup` does it)"
        ) from None


def personalize(host: Host, run_dir: Path, authority: Path) -> None:
    """Give a host that has not booted yet its identity and what an installer would set up.

    `authority` is the directory with the certificate authority of the lab's other hosts: each root
    is built with one of its own.
    """
    place = run_dir / "ssh"
    key = "/etc/ssh/ssh_host_ed25519_key"
    host.write(key, (place / host.name).read_text(), 0o600)
    host.write(f"{key}.pub", (place / f"{host.name}.pub").read_text())
    host.write(f"/home/{ADMIN}/.ssh/authorized_keys", (place / "id.pub").read_text(), 0o600)
    host.sh(
        f"chmod 700 /home/{ADMIN}/.ssh; chown -R {ADMIN}: /home/{ADMIN}/.ssh;"
        "tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id"
    )
    certificate = (authority / "ca.pem").read_text()
    host.write("/etc/lab-ca/ca.key", (authority / "ca.key").read_text(), 0o600)
    # The second is what the link in /etc/ssl/certs leads to.
    for path in ("/etc/lab-ca/ca.pem", "/usr/local/share/ca-certificates/lab-ca.crt"):
        host.write(path, certificate)
    host.sh("cat /etc/lab-ca/ca.pem >> /etc/ssl/certs/ca-certificates.crt")
    if host.spec.rules:
        host.write("/etc/nftables.conf", host.spec.rules, 0o755)
        host.sh("systemctl --quiet enable nftables.service")


def wait_until_up(host: Host, timeout: float = BOOT_SECONDS) -> None:
    """Wait until systemd has started everything (degraded counts) and sshd listens."""

    def up() -> bool:
        if not host.alive():
            raise LabError(f"host {host.name} went down while it booted")
        asked = host.run(["systemctl", "is-system-running"])
        return asked.stdout.strip() in ("running", "degraded") and host.listening(22)

    wait_for(up, timeout, f"host {host.name} has not booted", interval=0.1)


def failed_units(host: Host) -> list[str]:
    """Names of the units that systemd calls failed."""
    listed = host.sh("systemctl list-units --failed --plain --no-legend --full")
    return [line.split()[0] for line in listed.splitlines()]


def ask_to_reboot(host: Host, timeout: float = BOOT_SECONDS) -> None:
    """Have the host shut down in order, and wait until it has."""
    host.run(["systemctl", "--no-block", "reboot"], check=True)
    wait_for(lambda: not host.alive(), timeout, f"host {host.name} did not shut down")


def wants_to_come_back(status: int) -> bool:
    """Whether a host whose first process ended with this wait status comes up again by itself.

    After a reboot, and when the power is back after a cut (it was killed); not switched off.
    """
    return not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == _SWITCHED_OFF)


def ssh_argv(run_dir: Path, name: str, *command: str) -> list[str]:
    """Command line of an ssh into the host, as users run it."""
    return ["ssh", "-F", str(run_dir / "ssh" / "config"), name, *command]
