# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vsftpd, the server that the vendor's update service stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Service, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab

_DEFAULTS = {
    "background": "NO",
    "listen": "NO",
    # One socket for both families.
    "listen_ipv6": "YES",
    "anonymous_enable": "YES",
    "no_anon_password": "YES",
    "local_enable": "NO",
    "write_enable": "NO",
    "connect_from_port_20": "YES",
    "port_enable": "YES",
    "pasv_enable": "YES",
    "xferlog_enable": "YES",
    "secure_chroot_dir": "/run/vsftpd/empty",
    "ftp_username": "ftp",
    # Both want kernel features that a namespace has already given or that newer kernels refuse.
    "seccomp_sandbox": "NO",
    "isolate_network": "NO",
}


def start(
    lab: Lab, host: Host, *, directory: str = "/srv/lab/ftp", port: int = 21, **settings: str
) -> Service:
    """Serve a directory (made when missing) to anonymous users; `settings` are vsftpd.conf's own.

    The default directory lies on disk: `host.disk / "ftp"` on the machine's side.
    """
    chosen = {
        **_DEFAULTS,
        "listen_port": str(port),
        "anon_root": directory,
        "vsftpd_log_file": f"/var/log/vsftpd-{port}.log",
        **settings,
    }
    config = f"/etc/lab/vsftpd-{port}.conf"
    # vsftpd refuses an anonymous root that its user could write to.
    host.sh(f"mkdir -p /run/vsftpd/empty {directory}; chmod 755 {directory}")
    host.write(config, "".join(f"{name}={value}\n" for name, value in chosen.items()))
    return launch(f"vsftpd-{port}", host, ["vsftpd", config], [port], stdin_to_log=True)
