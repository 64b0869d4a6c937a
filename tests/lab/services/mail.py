# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail ports with real greetings: 465 and 587 SMTP, 993 IMAP, 995 POP3.

TLS where the port has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pki import ensure_certificate
from .base import Service, guest_program, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab

PORTS = {465: "smtps", 587: "submission", 993: "imaps", 995: "pop3s"}


def start(lab: Lab, host: Host, *, ports: dict[int, str] | None = None) -> Service:
    """Greet, answer EHLO, CAPA, CAPABILITY and STARTTLS, and refuse the rest; it keeps no mail."""
    wanted = PORTS if ports is None else ports
    cert, key = ensure_certificate(host)
    program = guest_program(host, "mail_server.py")
    pairs = [f"{port}={service}" for port, service in wanted.items()]
    return launch("mail", host, ["python3", program, cert, key, *pairs], list(wanted))
