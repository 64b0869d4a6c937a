# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flows of the vendor's table as packets of plain programs, for molecule's tests."""

from __future__ import annotations

import hashlib

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.pattern import Pattern

from . import verifying

SIZE = 8 << 20
PACKAGE = "ftp://update.vendor.test/timesensor-test-package.bin"
MAIL = (465, 587, 993, 995)
DATABASE = (19812, 19813, 19814)


def classic(host: str) -> None:
    """Licence, updates by FTP in both modes, SFTP and mail, from one host."""
    licence(host)
    for mode in (("--disable-epsv",), ("-P", "-")):
        downloads(host, PACKAGE, SIZE, *mode)
    assert verifying.connect(host, "update", 22) == "open"
    mail(host)


def licence(host: str) -> None:
    """HTTP on both ports, and HTTPS."""
    for url in ("http://{}/", "http://{}:8080/", "https://{}/"):
        got = verifying.fetch(host, url.format("licence.vendor.test"))
        assert b"timeSensor LEGAL" in got


def downloads(host: str, url: str, size: int, *options: str) -> None:
    """The whole test package, compared by digest."""
    wanted = hashlib.sha256()
    for piece in Pattern("timesensor").chunks(size):
        wanted.update(piece)
    got = hashlib.sha256(verifying.fetch(host, url, *options)).hexdigest()
    assert got == wanted.hexdigest()


def mail(host: str) -> None:
    """The ports of the email interface."""
    assert {verifying.connect(host, "mail", port) for port in MAIL} == {"open"}


def database(host: str, server: str) -> None:
    """The client's connections to a server that runs the application's stand-ins."""
    assert {verifying.connect(host, server, port) for port in DATABASE} == {"open"}
    assert verifying.quic_answers(host, server, 19813)
