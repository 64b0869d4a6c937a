# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A QUIC server (aioquic) on 19813/udp; it negotiates versions as RFC 9000 section 6 says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pki import ensure_certificate
from .base import Service, guest_program, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab


def start(lab: Lab, host: Host, *, port: int = 19813) -> Service:
    """Answer QUIC clients, and echo each stream to its end."""
    cert, key = ensure_certificate(host)
    program = guest_program(host, "quic_server.py")
    return launch(
        f"quic-{port}",
        host,
        ["python3", program, cert, key, str(port)],
        [f"{port}/udp"],
        env={"PYTHONPATH": "/opt/lab/python"},
    )
