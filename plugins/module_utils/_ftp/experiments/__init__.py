# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments: after a failure, what tells one cause from another that looks alike.

Each file has C(wanted(seen)), whether it would decide anything about that observation, and
C(run(ground, seen)), which returns a plain dict for the observation's C(experiments). They are
named here, because what is sent to a host holds statically imported files alone.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from ..broken import DEADLINE, Broken, as_broken
from ..trial import Ground
from . import after_break, keepalive, neighbour, once_more, other_mode, small_segments

_ALL: Tuple[Tuple[str, Any], ...] = (
    ("other_mode", other_mode),
    ("neighbour", neighbour),
    ("once_more", once_more),
    ("small_segments", small_segments),
    ("after_break", after_break),
    ("keepalive", keepalive),
)


def run_experiments(ground: Ground, seen: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Run what decides something, until the deadline; each with its name as C(experiment)."""
    found: List[Dict[str, Any]] = []
    for name, experiment in _ALL:
        if not experiment.wanted(seen):
            continue
        try:
            result = experiment.run(ground, seen)
        except (Broken, OSError) as error:
            broken = as_broken(error, "trying again")
            result = {"result": broken.kind, "text": broken.text}
        found.append({"experiment": name, **result})
        if result["result"] == DEADLINE:
            break
    return found
