# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets that a new policy must not cut off: probed before and after it is applied."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._model.verdict import PASS

_TIMEOUT_S = 3.0


def open_targets(targets: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the ids of those targets of C(flow_probe) that are open now."""
    if not targets:
        return set()
    # Here and not above: without targets a run does not pay for loading the probe engine.
    from .._probe.engine import probe

    results = probe(targets, _TIMEOUT_S, "auto")
    return {str(result["id"]) for result in results if result["status"] == PASS}


def target_problems(params: Mapping[str, Any]) -> list[Any]:
    """Return the problems of the option C(probe)."""
    if not params.get("probe"):
        return []
    from .._probe.target import input_problems

    return list(input_problems({"targets": params["probe"]}))
