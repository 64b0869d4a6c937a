# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH: shell and SFTP, with the host keys that the Debian root got when it was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Service, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab

_CONFIG = """\
Port {port}
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication yes
PidFile /run/sshd-{port}.pid
Subsystem sftp internal-sftp
{settings}
"""


def start(
    lab: Lab,
    host: Host,
    *,
    port: int = 22,
    user: str = "timesensor",
    password: str = "",
    authorized_key: str = "",
    settings: str = "",
) -> Service:
    """A user who logs in with a password or a public key; root may use the key, too."""
    host.sh(f"mkdir -p /run/sshd; id {user} >/dev/null 2>&1 || useradd -m -s /bin/sh {user}")
    if password:
        host.run(["chpasswd"], input=f"{user}:{password}\n", check=True)
    if authorized_key:
        for home, owner in ((f"/home/{user}", user), ("/root", "root")):
            host.write(f"{home}/.ssh/authorized_keys", authorized_key + "\n", 0o600)
            host.sh(f"chmod 700 {home}/.ssh; chown -R {owner}: {home}/.ssh")
    config = f"/etc/lab/sshd-{port}.conf"
    host.write(config, _CONFIG.format(port=port, settings=settings))
    return launch(f"openssh-{port}", host, ["/usr/sbin/sshd", "-D", "-e", "-f", config], [port])
