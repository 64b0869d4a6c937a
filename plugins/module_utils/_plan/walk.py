# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk packets of ours through a ruleset: which rule or chain policy of somebody else stops
them?"""

from __future__ import annotations

import dataclasses
from typing import Any

from .chain_walk import ChainWalk, Stop
from .match import family_sees
from .nat import NatReader
from .packets import INGRESS, PATHS, PacketClass
from .ruleset import Chain, Ruleset
from .seen import SOME, Seen
from .stages import seen_at

# Packets of several interfaces or networks are looked at one by one where a rule tells them apart,
# down to so many parts; what is left undecided then is reported as partial.
_PARTS_LIMIT = 64
DIMENSIONS = ("iifs", "oifs", "sources", "destinations")


@dataclasses.dataclass(frozen=True)
class Fate:
    """What a ruleset does to one class: `stops` hit all of the packets, in the shape in which they
    are seen there; `partial` may hit some of them; `untracked` takes them out of connection
    tracking."""

    stops: tuple[tuple[Seen, Stop], ...]
    partial: tuple[Stop, ...]
    untracked: tuple[Stop, ...] = ()


def fate_of(item: PacketClass, ruleset: Ruleset, nat: NatReader) -> Fate:
    """Walk `item` through each base chain on its way. An accept ends one base chain only, a drop
    ends the packet."""
    stops: list[tuple[Seen, Stop]] = []
    partial: list[Stop] = []
    untracked: list[Stop] = []
    for hook in PATHS[item.hook]:
        for chain in ruleset.base_chains(hook):
            if not family_sees(chain.family, item) or not _on_the_way(chain, item):
                continue
            for arriving in seen_at(item, chain, nat):
                seen = dataclasses.replace(arriving, tracked=SOME) if untracked else arriving
                for end in _ends(seen, chain, ruleset):
                    stops += end.stops
                    partial += end.partial
                    untracked += end.untracked
    return Fate(tuple(stops), tuple(partial), tuple(untracked))


def _on_the_way(chain: Chain, item: PacketClass) -> bool:
    """Tell whether packets pass the device of an ingress chain."""
    if chain.hook != INGRESS or not chain.devices or not item.iifs:
        return True
    return bool(set(chain.devices) & set(item.iifs))


def _ends(seen: Seen, chain: Chain, ruleset: Ruleset, parts: int = 1) -> list[Fate]:
    """Return how packets leave the chain: as one, or part by part where they do not all end
    alike."""
    walk = ChainWalk(seen, ruleset)
    stop = walk.through(chain)
    partial = tuple(walk.partial)
    if stop is not None and not _sees_all(chain, seen):
        partial, stop = (*partial, stop), None
    whole = Fate(() if stop is None else ((seen, stop),), partial, tuple(walk.untracked))
    dimension = next((name for name in DIMENSIONS if len(getattr(seen.packets, name)) > 1), "")
    if not walk.unsure or not dimension:
        return [whole]
    values = getattr(seen.packets, dimension)
    if parts * len(values) > _PARTS_LIMIT:
        return [whole]
    narrowed: list[dict[str, Any]] = [{dimension: (one,)} for one in values]
    pieces = [
        dataclasses.replace(seen, packets=dataclasses.replace(seen.packets, **one))
        for one in narrowed
    ]
    found = [end for piece in pieces for end in _ends(piece, chain, ruleset, parts * len(values))]
    outcomes = {tuple(stop for _unused, stop in end.stops): end for end in found}
    if len(outcomes) > 1 or len({(end.partial, end.untracked) for end in found}) > 1:
        return found
    (stopped, end) = outcomes.popitem()
    return [dataclasses.replace(end, stops=tuple((seen, stop) for stop in stopped))]


def _sees_all(chain: Chain, seen: Seen) -> bool:
    """Tell whether all of the packets pass the device of an ingress chain; nft 1.0.6 does not tell
    which one it is."""
    if chain.hook != INGRESS:
        return True
    return bool(seen.packets.iifs) and set(seen.packets.iifs) <= set(chain.devices)
