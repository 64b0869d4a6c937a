# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ProFTPD, anonymous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Service, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab

# No ident and no reverse lookups: without a name server they hold every login up for 5 s.
_CONFIG = """\
ServerName "lab"
ServerType standalone
DefaultServer on
UseIPv6 on
UseReverseDNS off
Port {port}
User proftpd
Group nogroup
ScoreboardFile /run/proftpd/scoreboard-{port}
PidFile /run/proftpd/{port}.pid
SystemLog /var/log/proftpd-{port}.log
WtmpLog off
RequireValidShell off
AuthPAM off
# Active data from port 20, as everybody else does; ProFTPD would use a high port once logged in.
RootRevoke off
{settings}
<Anonymous {directory}>
  User ftp
  Group nogroup
  UserAlias anonymous ftp
  <Limit WRITE>
    DenyAll
  </Limit>
</Anonymous>
"""


def start(
    lab: Lab, host: Host, *, directory: str = "/srv/lab/ftp", port: int = 21, settings: str = ""
) -> Service:
    """Serve a directory to anonymous users; `settings` are further lines of the server's config."""
    config = f"/etc/lab/proftpd-{port}.conf"
    host.sh(
        f"mkdir -p /run/proftpd {directory}; chmod 755 {directory}; "
        "id proftpd >/dev/null 2>&1 || useradd -r -d /run/proftpd -s /usr/sbin/nologin proftpd"
    )
    host.write(config, _CONFIG.format(port=port, directory=directory, settings=settings))
    return launch(f"proftpd-{port}", host, ["proftpd", "--nodaemon", "--config", config], [port])
