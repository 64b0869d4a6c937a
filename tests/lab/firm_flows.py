# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flows of the vendor's table as packets of plain programs, for molecule's tests."""

from __future__ import annotations

import functools
import hashlib

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.pattern import Pattern

from . import verifying

SIZE = 8 << 20
PACKAGE = "ftp://update.vendor.test/timesensor-test-package.bin"
MAIL = (465, 587, 993, 995)
DATABASE = (19812, 19813, 19814)


def classic(host: str) -> None:
    """Licence, updates by FTP in all its modes, SFTP and mail, from one host, over IPv4 and
    IPv6."""
    for family in verifying.BOTH:
        licence(host, family)
        for mode in ((), ("-P", "-")):
            downloads(host, PACKAGE, SIZE, family, *mode)
        assert verifying.connect(host, "update", 22, family) == "open"
    # curl(1): it means nothing over IPv6, where only EPSV exists.
    downloads(host, PACKAGE, SIZE, verifying.IPV4, "--disable-epsv")
    mail(host)


def licence(host: str, family: int) -> None:
    """HTTP on both ports, and HTTPS."""
    for url in ("http://{}/", "http://{}:8080/", "https://{}/"):
        got = verifying.fetch(host, url.format("licence.vendor.test"), family)
        assert b"timeSensor LEGAL" in got


def downloads(host: str, url: str, size: int, family: int, *options: str) -> None:
    """The whole test package, compared by digest."""
    got = hashlib.sha256(verifying.fetch(host, url, family, *options)).hexdigest()
    assert got == _digest(size)


@functools.cache
def _digest(size: int) -> str:
    wanted = hashlib.sha256()
    for piece in Pattern("timesensor").chunks(size):
        wanted.update(piece)
    return wanted.hexdigest()


def mail(host: str) -> None:
    """The ports of the email interface."""
    for family in verifying.BOTH:
        assert {verifying.connect(host, "mail", port, family) for port in MAIL} == {"open"}


def database(host: str, server: str) -> None:
    """The client's connections to a server that runs the application's stand-ins."""
    for family in verifying.BOTH:
        assert {verifying.connect(host, server, port, family) for port in DATABASE} == {"open"}
    assert verifying.quic_answers(host, server, 19813)
