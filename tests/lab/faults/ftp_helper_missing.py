# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway lets FTP's control port through, but no FTP helper follows the data connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import LabError

if TYPE_CHECKING:
    from ..lab import Lab

_WHERE = ("inet", "firm_filter", "forward")
_RULES = """\
table inet firm_filter {{
  chain forward {{
    iifname "lan0" oifname "wan0" tcp dport {port} accept comment "lab fault: 21 and no helper"
  }}
}}
"""


def apply(lab: Lab, *, port: int = 21, host: str = "gateway") -> Callable[[], None]:
    """Accept the control connection in the administrator's own forward chain, and nothing more.

    This is what many a firewall looks like: port 21 is open, its policy drops the rest, and no
    `ct helper` is assigned, so that the data connection is never `related`.
    """
    gateway = lab[host]
    if gateway.run(["nft", "list", "chain", *_WHERE]).returncode != 0:
        raise LabError("ftp_helper_missing needs the gateway's own table inet firm_filter")
    done = gateway.run(["nft", "-e", "-a", "-f", "-"], input=_RULES.format(port=port), check=True)
    handle = done.stdout.rpartition("# handle ")[2].split()[0]
    command = f"delete rule inet firm_filter forward handle {handle}\n"
    return lambda: gateway.nft(command)
