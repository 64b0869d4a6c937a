# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS on several ports: silent until the client speaks, then an echo.

Runs in a lab host: CERT KEY PORT..
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await asyncio.wait_for(reader.read(65536), 300):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # a probe may leave at any point
    finally:
        writer.close()


async def main() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    for port in map(int, sys.argv[3:]):
        listener = socket.create_server(
            ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128
        )
        await asyncio.start_server(echo, sock=listener, ssl=context)
    await asyncio.Event().wait()


asyncio.run(main())
