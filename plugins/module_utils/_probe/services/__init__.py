# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file per kind of service: what is said to it, and what its answer proves.

To add a service: write C(talk) (TCP) or a `Datagrams` (UDP) in a file here, name it in the tables
below, and name its protocols in C(target.SERVICES).
"""

from __future__ import annotations

from ._types import Datagrams, Dialogue, Talk
from .bare import BareDatagrams
from .bare import talk as talk_bare
from .fourd import talk as talk_4d
from .greeting import talk as talk_greeting
from .http import talk as talk_http
from .quic import QuicDatagrams
from .secret import TokenDatagrams
from .secret import talk as talk_token
from .submission import talk as talk_submission

TALKS: dict[str, Talk] = {
    "none": talk_bare,
    "http": talk_http,
    "https": talk_http,
    "ftp": talk_greeting,
    "ssh": talk_greeting,
    "smtps": talk_greeting,
    "submission": talk_submission,
    "imaps": talk_greeting,
    "pop3s": talk_greeting,
    "4d": talk_4d,
    "token": talk_token,
}
DATAGRAMS: dict[str, type[Datagrams]] = {
    "none": BareDatagrams,
    "quic": QuicDatagrams,
    "token": TokenDatagrams,
}

__all__ = ["DATAGRAMS", "TALKS", "Datagrams", "Dialogue"]
