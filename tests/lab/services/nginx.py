# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as licence server.

HTTP on 80 and 8080, HTTPS on 443 with a certificate of the lab's authority.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..pki import ensure_certificate
from .base import Service, launch

if TYPE_CHECKING:
    from ..host import Host
    from ..lab import Lab

_CONFIG = """\
daemon off;
worker_processes 1;
pid /run/nginx-lab.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
  access_log off;
  server {{
{listen}
    ssl_certificate {cert};
    ssl_certificate_key {key};
    root {directory};
    location = / {{
      default_type application/json;
      return 200 '{body}';
    }}
  }}
}}
"""


def start(
    lab: Lab,
    host: Host,
    *,
    http: Sequence[int] = (80, 8080),
    https: Sequence[int] = (443,),
    directory: str = "/srv/lab/www",
    body: str = '{"product": "timeSensor LEGAL", "update": "none"}',
) -> Service:
    """Answer `/` with `body` and everything else from a directory."""
    cert, key = ensure_certificate(host)
    listen = [f"    listen {where}{port};" for port in http for where in ("", "[::]:")]
    listen += [f"    listen {where}{port} ssl;" for port in https for where in ("", "[::]:")]
    config = _CONFIG.format(
        listen="\n".join(listen), cert=cert, key=key, directory=directory, body=body
    )
    host.sh(f"mkdir -p {directory}")
    host.write("/etc/lab/nginx.conf", config)
    return launch("nginx", host, ["nginx", "-c", "/etc/lab/nginx.conf"], [*http, *https])
