# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who manages which nftables table: what a tool manages is that tool's alone to edit."""

from __future__ import annotations

from .ruleset import OWNER, Ruleset

NFTABLES = "nftables"
FIREWALLD = "firewalld"
UFW = "ufw"
IPTABLES = "iptables"
DOCKER = "docker"
PODMAN = "podman"
OWNING_PROGRAM = "the program that owns the table"

# Front ends that claim the whole host. Two of them at once contradict each other.
FRONT_ENDS = (FIREWALLD, UFW)

# The table and chain names that iptables-nft uses (xtables compatibility layer, iptables-nft(8)).
_XTABLES = ("filter", "nat", "mangle", "raw", "security")
_XTABLES_CHAINS = ("INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING")


def manager_of(table: tuple[str, str], ruleset: Ruleset) -> str:
    """Return the tool that manages `table`, or an empty string for a table that an admin wrote with
    nft."""
    family, name = table
    if name in ("firewalld", "firewalld_policy_drop"):
        return FIREWALLD
    if name == "netavark":
        return PODMAN
    if name.startswith("docker-bridges"):
        return DOCKER
    # After the names: firewalld 2.3 owns its table, too, and its name says more.
    if OWNER in ruleset.flags_of(table):
        return OWNING_PROGRAM
    if family not in ("ip", "ip6") or name not in _XTABLES:
        return ""
    chains = {chain.name: chain for key, chain in ruleset.chains.items() if key[:2] == table}
    # C(ufw disable) empties its chains and leaves them there (ufw 0.36.2, ufw-init-functions).
    if any(name.startswith(("ufw-", "ufw6-")) and chains[name].rules for name in chains):
        return UFW
    if any(name.startswith("DOCKER") for name in chains):
        return DOCKER
    return IPTABLES if set(chains) & set(_XTABLES_CHAINS) else ""


def live_front_ends(ruleset: Ruleset) -> tuple[str, ...]:
    """Return the front ends whose tables are in the kernel now."""
    found = {manager_of(table, ruleset) for table in ruleset.tables}
    return tuple(front_end for front_end in FRONT_ENDS if front_end in found)


def is_ban_list(chain: str) -> bool:
    """Tell whether fail2ban fills the chain of this name, by its nftables or iptables actions
    (nftables.conf and iptables.conf in its action.d)."""
    return chain.startswith("f2b-")
