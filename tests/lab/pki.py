# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates from the lab's own authority, which every host trusts and no one else does."""

from __future__ import annotations

from collections.abc import Sequence

from .host import Host

CERT = "/etc/lab-tls/cert.pem"
KEY = "/etc/lab-tls/key.pem"

_ISSUE = """
mkdir -p /etc/lab-tls && cd /etc/lab-tls && umask 077
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \\
    -keyout key.pem.new -out request.pem
printf 'subjectAltName=%s\\nextendedKeyUsage=serverAuth\\n' "$2" > extensions
openssl x509 -req -in request.pem -days 30 -extfile extensions -out cert.pem.new \\
    -CA /etc/lab-ca/ca.pem -CAkey /etc/lab-ca/ca.key -CAcreateserial -CAserial /etc/lab-tls/serial
mv key.pem.new key.pem; mv cert.pem.new cert.pem; rm request.pem extensions
"""


def ensure_certificate(host: Host, names: Sequence[str] = ()) -> tuple[str, str]:
    """Certificate and key (paths in the host) for all names and addresses of it; made once."""
    if not host.exists(CERT):
        wanted = [*host.spec.names, host.name, *names]
        alternatives = [f"DNS:{name}" for name in wanted]
        alternatives += [f"IP:{address}" for address in host.addresses]
        command = ["sh", "-euc", _ISSUE, "sh", wanted[0], ",".join(alternatives)]
        host.run(command, check=True)
    return CERT, KEY
