# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A QUIC server that echoes streams.

Runs in a lab host with aioquic on PYTHONPATH: CERT KEY PORT.
"""

from __future__ import annotations

import asyncio
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent, StreamDataReceived


class Echo(QuicConnectionProtocol):
    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, StreamDataReceived):
            self._quic.send_stream_data(event.stream_id, event.data, event.end_stream)


async def main() -> None:
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["4d", "hq-interop", "h3"])
    configuration.load_cert_chain(sys.argv[1], sys.argv[2])
    await serve("::", int(sys.argv[3]), configuration=configuration, create_protocol=Echo)
    await asyncio.Event().wait()


asyncio.run(main())
