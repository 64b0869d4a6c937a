# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server that stands for the timeSensor LEGAL server.

19812, 19813 and 19814, client speaks first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..pki import ensure_certificate
from .base import Service, guest_program, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab


def start(lab: Lab, host: Host, *, ports: Sequence[int] = (19812, 19813, 19814)) -> Service:
    """Say nothing until the client does; then a TLS handshake, and echo what comes."""
    cert, key = ensure_certificate(host)
    program = guest_program(host, "tls_server.py")
    command = ["python3", program, cert, key, *map(str, ports)]
    return launch("tls_app", host, command, list(ports))
