# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backend must do: read the live rules, plan, and carry out a plan in one transaction."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Sequence

from .._model.policy import Policy
from .._plan.attach import Conflict


@dataclasses.dataclass(frozen=True)
class Change:
    """A plan held against the live rules. `handle` is the backend's own and goes back to
    `Backend.carry_out`."""

    before: str
    after: str
    needed: bool
    conflicts: tuple[Conflict, ...]
    exposure: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]
    handle: Any


@dataclasses.dataclass(frozen=True)
class FlowState:
    """The audit of one flow: C(present), C(missing), C(differs) or C(overridden), and the foreign
    rules that override it."""

    flow: str
    state: str
    foreign: tuple[dict[str, Any], ...] = ()


@dataclasses.dataclass(frozen=True)
class Audit:
    """The states of a policy's flows, and warnings."""

    flows: tuple[FlowState, ...]
    warnings: tuple[str, ...]


class Backend(abc.ABC):
    """One way of enforcing policies on a host. A new backend is a new file and an entry in
    `registry.BACKENDS`."""

    name: str

    @abc.abstractmethod
    def plan(self, before: Sequence[Policy], after: Sequence[Policy]) -> Change:
        """Read the live rules and return what must change so that they hold `after`. Changes
        nothing.

        `before` are the policies that are stored on the host now.
        """

    @abc.abstractmethod
    def carry_out(self, change: Change) -> None:
        """Apply `change` as one transaction: all of it or, with a `TimesensorError`, nothing."""

    @abc.abstractmethod
    def audit(self, stored: Sequence[Policy], policy: Policy) -> Audit:
        """Return the state of each flow of `policy` in the kernel. `stored` are the policies of the
        host now."""
