# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backend enforces on this host: the one asked for, or with C(auto) the one whose tool owns
the firewall."""

from __future__ import annotations

from .._model.errors import TimesensorError, UnsupportedError
from .._model.policy import AUTO
from .._plan.owners import live_front_ends
from .base import Backend
from .command import find_nft, read_ruleset
from .nftables import NftablesBackend

BACKENDS: dict[str, type[Backend]] = {NftablesBackend.name: NftablesBackend}


def choose_backend(wanted: str, removing: bool = False) -> Backend:
    """Return the backend to use.

    With `removing` the owner does not matter: what is ours came here by our backend and goes by it,
    whoever has taken over the firewall since.

    Raises `UnsupportedError` for one that is not written yet and `TimesensorError` with
    C(conflicts) when a front end owns the firewall that the backend must not edit, or when two
    front ends are live at once.
    """
    if removing and wanted in (AUTO, NftablesBackend.name):
        return NftablesBackend()
    owners = live_front_ends(read_ruleset(find_nft()))
    conflicts = [{"backend": owner, "what": f"{owner} is live on this host"} for owner in owners]
    if len(owners) > 1:
        raise TimesensorError(
            f"{' and '.join(owners)} are both live on this host and contradict each other: turn one"
            " of them off. Nothing was changed.",
            conflicts=conflicts,
        )
    name = wanted
    if wanted == AUTO:
        name = owners[0] if owners else NftablesBackend.name
    if name not in BACKENDS:
        reason = f"{name} owns this host's firewall, and the" if wanted == AUTO else "The"
        raise UnsupportedError(
            f"{reason} backend {name} is not written yet; this release has"
            f" {', '.join(sorted(BACKENDS))}. Nothing was changed.",
            conflicts=conflicts,
        )
    if owners and name not in owners:
        raise TimesensorError(
            f"{owners[0]} manages the firewall of this host, the backend {name} must not edit it:"
            f" use the backend {owners[0]}. Nothing was changed.",
            conflicts=conflicts,
        )
    return BACKENDS[name]()
