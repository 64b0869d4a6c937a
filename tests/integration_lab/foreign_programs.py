# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that write firewall rules of their own, started in a host of the lab as their users do.

All of them run for real: nothing here writes a rule by itself.
"""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network

from lab.host import DROPPED_CAPABILITIES, ENVIRONMENT, Host, enter_argv, wait_for
from lab.topology import HostSpec, Network, Nic, Topology

# The host of the program, and two others: one that fail2ban and ufw shut out, one that they do not.
HOST = "host"
BANNED = "198.51.100.7"
BANNED6 = "2001:db8:51::7"
WELCOME = "198.51.100.8"
ADDRESS = "198.51.100.1"
_NET = Network("net", IPv4Network("198.51.100.0/24"), IPv6Network("2001:db8:51::/64"))
TOPOLOGY = Topology(
    "foreign",
    (_NET,),
    tuple(
        HostSpec(name, (Nic("eth0", "net", number),))
        for name, number in ((HOST, 1), ("banned", 7), ("welcome", 8))
    ),
)
PUBLISHED_PORT = 8080

_JAILS = """\
[DEFAULT]
backend = polling
banaction = {ports}
banaction_allports = {all_ports}

[sshd]
enabled = true
logpath = /var/log/auth.log

[recidive]
enabled = true
"""
_UFW = f"""
ufw default deny incoming
ufw default deny outgoing
ufw deny from {BANNED}
ufw allow OpenSSH
ufw allow from 198.51.100.0/24 to any port 445 proto tcp
ufw allow out 53
ufw --force enable
"""
_BANNED_RULE = f'rule family="ipv4" source address="{BANNED}" drop'
_FIREWALLD = f"""
firewall-offline-cmd --zone=public --add-service=https
firewall-offline-cmd --zone=public --add-rich-rule='{_BANNED_RULE}'
firewall-offline-cmd --zone=public --add-interface=eth0
mkdir -p /run/dbus
dbus-daemon --system --fork
firewalld
"""
# The container's files are the host's own, since no registry is in reach of the lab. A cgroup tree
# is not, either: crun wants a file system in its place, and is told to make no groups.
_PODMAN = f"""
mount -t tmpfs cgroup /sys/fs/cgroup
mkdir /run/container
mount --bind / /run/container
podman run --detach --name web --cgroups=disabled --publish {PUBLISHED_PORT}:80 \\
    --rootfs /run/container python3 -m http.server 80
"""


_FIREWALLD_SETUP = "zone public: https open, one address dropped"
_PODMAN_SETUP = "one container, one published port"


@dataclasses.dataclass(frozen=True)
class Program:
    """A program with rules of its own.

    `xtables`: it writes them by iptables, so what nft lists cannot be loaded by nft again. `suite`
    is the Debian that it is from.
    """

    name: str
    packages: tuple[str, ...]
    setup: str
    start: Callable[[Host], object]
    xtables: bool = False
    suite: str = "bookworm"


def _fail2ban(host: Host, ports: str, all_ports: str) -> None:
    host.write("/etc/fail2ban/jail.d/firm.local", _JAILS.format(ports=ports, all_ports=all_ports))
    host.sh("touch /var/log/auth.log /var/log/fail2ban.log; mkdir -p /run/fail2ban")
    host.run(["fail2ban-client", "start"], check=True)
    # A jail writes its rules with its first ban: one after the other keeps their order.
    for number, (jail, address) in enumerate(
        (("sshd", BANNED), ("recidive", BANNED), ("recidive", BANNED6)), start=1
    ):
        host.run(["fail2ban-client", "set", jail, "banip", address], check=True)
        _wait_for_rejects(host, number)


def _wait_for_rejects(host: Host, number: int) -> None:
    wait_for(lambda: host.ruleset().count("reject") == number, 10, "fail2ban wrote no rule", 0.05)


def _firewalld(host: Host) -> None:
    host.sh(_FIREWALLD)
    state = ["firewall-cmd", "--state"]
    wait_for(lambda: host.run(state).returncode == 0, 20, "firewalld does not answer", 0.05)


def _podman(host: Host) -> None:
    # crun makes the container's devices, which commands in a host of the lab may not do.
    argv = enter_argv(host.pid, DROPPED_CAPABILITIES.replace("-mknod,", ""))
    # podman's usual driver cannot work on an overlay, on which a host of the lab stands.
    environment = {**ENVIRONMENT, "STORAGE_DRIVER": "vfs"}
    subprocess.run([*argv, "sh", "-euc", _PODMAN], env=environment, capture_output=True, check=True)


PROGRAMS = {
    program.name: program
    for program in (
        Program(
            "fail2ban",
            ("fail2ban",),
            "jails sshd and recidive, ban actions nftables and nftables[type=allports]",
            lambda host: _fail2ban(host, "nftables", "nftables[type=allports]"),
        ),
        Program(
            "fail2ban-iptables",
            ("fail2ban",),
            "jails sshd and recidive, ban actions iptables-multiport and iptables-allports",
            lambda host: _fail2ban(host, "iptables-multiport", "iptables-allports"),
            xtables=True,
        ),
        Program("firewalld", ("firewalld",), _FIREWALLD_SETUP, _firewalld),
        # Its table belongs to the daemon: the kernel lets no other program edit it.
        Program("firewalld-trixie", ("firewalld",), _FIREWALLD_SETUP, _firewalld, suite="trixie"),
        Program(
            "ufw",
            ("ufw",),
            "deny in and out; 22 and 445 in and 53 out allowed, one address denied",
            lambda host: host.sh(_UFW),
            xtables=True,
        ),
        # Debian 12 makes its networks by CNI and iptables, Debian 13 by netavark and nftables.
        Program("podman", ("podman",), _PODMAN_SETUP, _podman, xtables=True),
        Program("podman-trixie", ("podman", "netavark"), _PODMAN_SETUP, _podman, suite="trixie"),
    )
}
