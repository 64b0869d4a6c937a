# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nftables backend: our own table, and our chains before what stops a flow in an admin's
tables."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Sequence

from .._model.errors import TimesensorError
from .._model.policy import Policy
from .._plan.attach import live_bypasses
from .._plan.chain_walk import Stop
from .._plan.desired import Desired, own_part, plan
from .._plan.exposure import exposure
from .._plan.nat_warnings import nat_warnings
from .._plan.ruleset import Ruleset, table_flags
from .base import Audit, Backend, Change, FlowState
from .command import find_nft, find_tool, has_legacy_nat, read_ruleset, run_tool

_COMMENT = re.compile(r'comment "([^"]*)"$')


@dataclasses.dataclass(frozen=True)
class _Prepared:
    """A plan with the text that the kernel would show after it."""

    desired: Desired
    live: Ruleset
    wanted_text: str
    live_text: str

    @property
    def in_place(self) -> bool:
        return self.wanted_text == self.live_text and self.desired.jumps_in_place(self.live)


class NftablesBackend(Backend):
    """Talks to the kernel through nft(8)."""

    name = "nftables"

    def __init__(self) -> None:
        self._nft = find_nft()
        self._unshare = find_tool("unshare", "util-linux", "try rules in a scratch namespace")

    def plan(self, before: Sequence[Policy], after: Sequence[Policy]) -> Change:
        prepared = self._prepare(after)
        desired = prepared.desired
        return Change(
            before=prepared.live_text,
            after=prepared.wanted_text,
            needed=not prepared.in_place,
            conflicts=desired.conflicts,
            exposure=tuple(exposure(before, after, desired.findings)),
            warnings=(*_foreign_warnings(desired), *nat_warnings(after, desired.nat)),
            handle=prepared,
        )

    def carry_out(self, change: Change) -> None:
        prepared: _Prepared = change.handle
        run_tool([self._nft, "-f", "-"], prepared.desired.script(prepared.live))

    def audit(self, stored: Sequence[Policy], policy: Policy) -> Audit:
        others = [item for item in stored if item.name != policy.name]
        mine = [item for item in stored if item.name == policy.name]
        prepared = self._prepare([*others, policy])
        wanted = _rules_by_tag(prepared.wanted_text)
        live = _rules_by_tag(prepared.live_text)
        bypassed = live_bypasses(prepared.live)
        displaced = {
            blocked.item.tag
            for blocked in prepared.desired.findings.stopped
            if (blocked.stop, blocked.item.tag) not in bypassed
        }
        foreign = _foreign_by_tag(prepared.desired, bypassed)
        result = []
        for flow in policy.flows:
            tag = f"{policy.name}/{flow.id}"
            state = _state(wanted.get(tag, []), live.get(tag, []), tag in displaced)
            recorded = any(item == flow for stored_one in mine for item in stored_one.flows)
            if state == "present" and not recorded:
                state = "differs" if live.get(tag) else "missing"
            result.append(FlowState(flow.id, state, tuple(foreign.get(tag, ()))))
        return Audit(tuple(result), nat_warnings([policy], prepared.desired.nat))

    def _prepare(self, policies: Sequence[Policy]) -> _Prepared:
        listing = run_tool([self._nft, "-s", "list", "ruleset"])
        live = dataclasses.replace(read_ruleset(self._nft), flags=table_flags(listing))
        desired = plan(policies, live, has_legacy_nat())
        return _Prepared(
            desired=desired,
            live=live,
            wanted_text=self._as_kernel_shows(desired.as_ruleset_text()),
            live_text=own_part(listing),
        )

    def _as_kernel_shows(self, text: str) -> str:
        """Load rules into a namespace that exists for this only, and list them: nft's own normal
        form, and a syntax check."""
        if not text:
            return ""
        script = '"$0" -f - && "$0" -s list ruleset'
        try:
            listing = run_tool([self._unshare, "--net", "/bin/sh", "-c", script, self._nft], text)
        except TimesensorError as error:
            raise TimesensorError(
                f"the rules were tried in a scratch network namespace and refused, nothing was"
                f" changed: {error.message}"
            ) from error
        return own_part(listing)


def _rules_by_tag(text: str) -> dict[str, list[str]]:
    """Return the rules in a listing of ours by the flow that their comment names."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = _COMMENT.search(line)
        if match:
            found.setdefault(match.group(1), []).append(line.strip())
    return found


def _state(wanted: list[str], live: list[str], displaced: bool) -> str:
    if displaced and live:
        return "overridden"
    if wanted == live:
        return "overridden" if displaced else "present"
    return "differs" if live else "missing"


def _describe(stop: Stop, effect: str) -> dict[str, Any]:
    return {
        "family": stop.family,
        "table": stop.table,
        "chain": stop.chain,
        "handle": stop.handle,
        "effect": effect,
    }


def _foreign_by_tag(
    desired: Desired, bypassed: set[tuple[Stop, str]]
) -> dict[str, list[dict[str, Any]]]:
    """Return by flow the foreign rules that override it: all its packets, or some of them."""
    found: dict[str, list[dict[str, Any]]] = {}
    stopped = [(blocked.item, blocked.stop) for blocked in desired.findings.stopped]
    for pairs, effect in ((stopped, "all"), (desired.findings.partial, "some")):
        for item, stop in pairs:
            entry = _describe(stop, effect)
            hidden = (stop, item.tag) in bypassed
            if not hidden and entry not in found.setdefault(item.tag, []):
                found[item.tag].append(entry)
    return found


def _foreign_warnings(desired: Desired) -> tuple[str, ...]:
    found: dict[tuple[Stop, str], list[str]] = {}
    for pairs, effect in (
        (desired.findings.partial, "may drop some packets of"),
        (desired.findings.untracked, "may take out of connection tracking, NAT and the FTP helper"),
    ):
        for item, stop in pairs:
            found.setdefault((stop, effect), []).append(item.tag)
    return tuple(
        f"{stop} {effect} {', '.join(dict.fromkeys(tags))}; it is not ours and was left as it is"
        for (stop, effect), tags in found.items()
    )
