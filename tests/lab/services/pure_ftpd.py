# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure-FTPd, anonymous."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .base import Service, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab


def start(
    lab: Lab,
    host: Host,
    *,
    directory: str = "/srv/lab/ftp",
    port: int = 21,
    options: Sequence[str] = (),
) -> Service:
    """Serve a directory to anonymous users; `options` are further ones of the command line.

    Pure-FTPd serves the home of the system user ftp, so the host has one such directory at a time.
    """
    host.sh(f"mkdir -p {directory}; chmod 755 {directory}; usermod -d {directory} ftp")
    # Anonymous only, no name lookups, no uploads by them, and port 20 for active mode as always.
    command = ["pure-ftpd", "-S", str(port), "-e", "-H", "-i", "-A", *options]
    return launch(f"pure_ftpd-{port}", host, command, [port])
