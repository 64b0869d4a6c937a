# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's firewall drops one port on the way from inside to outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..lab import Lab


def apply(
    lab: Lab, *, port: int, protocol: str = "tcp", verdict: str = "drop", host: str = "gateway"
) -> Callable[[], None]:
    """Drop what is forwarded to the port, or any other nft `verdict` ("reject with tcp reset").

    On another host than the gateway the port is dropped on its way out. The rules are in a table of
    their own before all others, so that nothing which is installed later can open the port.
    """
    table = f"lab_fault_{protocol}_{port}"
    hook = "forward" if lab[host].spec.forwarding else "output"
    lab[host].nft(
        f"table inet {table} {{\n"
        f"  chain {hook} {{\n"
        f"    type filter hook {hook} priority -250; policy accept;\n"
        f"    meta l4proto {protocol} th dport {port} counter {verdict}\n"
        "  }\n"
        "}\n"
    )
    return lambda: lab[host].nft(f"delete table inet {table}\n")
