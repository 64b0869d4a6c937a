# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Greetings of mail servers, for probes. Runs in a lab host: CERT KEY PORT=SERVICE.."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys

GREETINGS = {
    "smtps": b"220 mail.provider.test ESMTP lab\r\n",
    "submission": b"220 mail.provider.test ESMTP lab\r\n",
    "imaps": b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] mail.provider.test lab\r\n",
    "pop3s": b"+OK mail.provider.test lab\r\n",
}
EHLO = [b"mail.provider.test", b"PIPELINING", b"SIZE 52428800", b"AUTH PLAIN LOGIN"]


def smtp_reply(line: bytes, tls: bool) -> bytes:
    verb = line.split(b" ")[0].strip().upper()
    if verb == b"EHLO":
        lines = EHLO if tls else [*EHLO[:-1], b"STARTTLS"]
        head = b"".join(b"250-%s\r\n" % item for item in lines[:-1])
        return head + b"250 %s\r\n" % lines[-1]
    if verb in (b"HELO", b"NOOP", b"RSET"):
        return b"250 OK\r\n"
    if verb == b"QUIT":
        return b"221 Bye\r\n"
    return b"530 5.7.0 Authentication required\r\n"


def imap_reply(line: bytes) -> bytes:
    tag, _unused, rest = line.strip().partition(b" ")
    verb = rest.split(b" ")[0].upper()
    if verb == b"CAPABILITY":
        return b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n"
    if verb == b"LOGOUT":
        return b"* BYE\r\n" + tag + b" OK done\r\n"
    return tag + (b" OK done\r\n" if verb == b"NOOP" else b" NO log in first\r\n")


def pop3_reply(line: bytes) -> bytes:
    verb = line.split(b" ")[0].strip().upper()
    if verb == b"CAPA":
        return b"+OK\r\nUSER\r\nUIDL\r\n.\r\n"
    return b"+OK\r\n" if verb in (b"QUIT", b"NOOP") else b"-ERR log in first\r\n"


class Session:
    def __init__(self, service: str, context: ssl.SSLContext) -> None:
        self.service = service
        self.context = context
        self.tls = service != "submission"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(GREETINGS[self.service])
            await writer.drain()
            while line := await asyncio.wait_for(reader.readline(), 60):
                verb = line.split(b" ")[0].strip().upper()
                if verb == b"STARTTLS" and not self.tls:
                    writer.write(b"220 Ready to start TLS\r\n")
                    await writer.drain()
                    await writer.start_tls(self.context)
                    self.tls = True
                    continue
                if self.service in ("smtps", "submission"):
                    writer.write(smtp_reply(line, self.tls))
                else:
                    writer.write((imap_reply if self.service == "imaps" else pop3_reply)(line))
                await writer.drain()
                if b"QUIT" in line.upper() or b"LOGOUT" in line.upper():
                    break
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # a probe may leave at any point
        finally:
            writer.close()


async def main() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    for pair in sys.argv[3:]:
        port, _unused, service = pair.partition("=")

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, service: str = service
        ) -> None:
            await Session(service, context).serve(reader, writer)

        listener = socket.create_server(
            ("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128
        )
        tls = None if service == "submission" else context
        await asyncio.start_server(serve, sock=listener, ssl=tls)
    await asyncio.Event().wait()


asyncio.run(main())
