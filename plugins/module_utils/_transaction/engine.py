# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply, remove and audit one policy on this host."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import Any, Mapping, Sequence

from .._backends.base import Backend, Change
from .._backends.command import run_tool
from .._backends.registry import choose_backend
from .._model.errors import TimesensorError, UnsupportedError
from .._model.policy import GATEWAY, UNTOUCHED, Policy, parse_policy
from .facts import gather_facts, keep_reachable
from .files import (
    Content,
    StagedFiles,
    differing,
    directories_left,
    leftovers,
    remove_created_directories,
    staged,
)
from .lock import host_lock
from .paths import UNIT_DIR, UNIT_FILE, UNIT_NAME
from .persistence import wanted_files
from .store import load_all
from .witness import open_targets

PRESENT = "present"
ABSENT = "absent"


@dataclasses.dataclass(frozen=True)
class _Step:
    """A whole change of the host: the kernel's part, and the files that are not as they must be."""

    backend: Backend
    change: Change
    files: Mapping[str, Content | None]
    last: bool

    @property
    def needed(self) -> bool:
        return self.change.needed or bool(self.files) or (self.last and directories_left())


def apply_policy(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring the policy in `params` (options of C(firewall_policy)) to its state and return the
    module's result.

    Raises `InputError`, `UnsupportedError` or `TimesensorError`; nothing is changed then.
    """
    absent = params.get("state") == ABSENT
    policy = parse_policy(params)
    _refuse_what_is_not_there(params)
    _require_root()
    backend = choose_backend(params.get("backend") or "auto", removing=absent)
    warnings: list[str] = []
    if not absent:
        policy, warnings = gather_facts(policy)
        warnings += _standing_warnings(policy)
    with host_lock():
        before = load_all()
        if not absent:
            stored = next((item for item in before if item.name == policy.name), None)
            policy, more = keep_reachable(policy, stored)
            warnings += more
        others = [item for item in before if item.name != policy.name]
        after = others if absent else sorted([*others, policy], key=lambda item: item.name)
        change = backend.plan(before, after)
        if not absent:
            warnings += _refuse_conflicts(change, policy)
        files = differing({**wanted_files(before, after), **leftovers()})
        step = _Step(backend, change, files, last=not after)
        changed = step.needed
        if changed and not check_mode:
            warnings += _carry_out(step, before, params.get("probe") or [])
    return {
        "changed": changed,
        "backend": backend.name,
        "diff": _diff(step),
        "rules": [line.strip() for line in change.after.splitlines() if "comment" in line],
        "exposure": list(change.exposure),
        "transaction": _transaction(confirmed=changed and not check_mode),
        "conflicts": [item.as_dict() for item in change.conflicts],
        "warnings": warnings + list(change.warnings),
    }


def _transaction(confirmed: bool, rolled_back: bool = False) -> dict[str, Any]:
    """Return the record of a transaction without a dead-man switch."""
    return {
        "id": "",
        "confirmed": confirmed,
        "rolled_back": rolled_back,
        "deadline": None,
        "guard": "none",
    }


def audit_policy(params: Mapping[str, Any]) -> dict[str, Any]:
    """Hold the policy in `params` against the kernel and return the result of
    C(firewall_policy_info)."""
    policy = parse_policy(params)
    _require_root()
    backend = choose_backend(params.get("backend") or "auto")
    policy, warnings = gather_facts(policy)
    stored = load_all()
    audit = backend.audit(stored, policy)
    return {
        "changed": False,
        "backend": backend.name,
        "flows": [dataclasses.asdict(state) for state in audit.flows],
        "policies": [item.name for item in stored],
        "warnings": warnings + list(audit.warnings),
    }


def _refuse_what_is_not_there(params: Mapping[str, Any]) -> None:
    if params.get("confirm_timeout"):
        raise UnsupportedError(
            f"confirm_timeout: {params['confirm_timeout']}: the dead-man switch is not written yet,"
            " this release knows 0 only. Nothing was changed."
        )


def _require_root() -> None:
    if os.geteuid() != 0:
        raise UnsupportedError(
            "only root may read and change the firewall: run the task with become: true. Nothing"
            " was changed."
        )


def _standing_warnings(policy: Policy) -> list[str]:
    warnings = []
    if policy.denies and policy.enforcement != GATEWAY:
        warnings.append(
            "a default is set to deny and the dead-man switch is not written yet: a mistake is not"
            " taken back by itself"
        )
    limited = any(flow.peers for flow in policy.flows if flow.direction == "inbound")
    if limited and policy.default_ingress == UNTOUCHED:
        warnings.append(
            "inbound flows name peers and default_ingress is untouched: others are not blocked by"
            " this policy"
        )
    return warnings


def _refuse_conflicts(change: Change, policy: Policy) -> list[str]:
    """Fail when what we may not edit stops flows of `policy`; return a warning for each stop that
    hits other policies only, which is no reason to keep this one out."""
    hits = [item for item in change.conflicts if item.hits(policy)]
    if not hits:
        return [str(item.as_dict()["what"]) for item in change.conflicts]
    conflicts = [item.as_dict() for item in hits]
    managers = sorted({item.manager for item in hits if item.manager})
    what = "".join(f"\n  - {item['what']}" for item in conflicts)
    advice = []
    if managers:
        advice.append(
            f"tables that {', '.join(managers)} manages stop flows of this policy, and the nftables"
            " backend never edits them: open the flows there."
        )
    if any(not item.manager for item in hits):
        advice.append(
            "Rules stop flows of this policy where no rule of ours can be right: open the flows"
            " there by hand."
        )
    raise TimesensorError(
        f"{' '.join(advice)} Nothing was changed.{what}",
        conflicts=conflicts,
    )


def _carry_out(
    step: _Step, before: Sequence[Policy], witnesses: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Bring files and kernel to the new state, or neither, and return warnings.

    The new files are on the disk before the kernel is touched, and get their names after it: a run
    that is killed in between is put right by the next one, or undone by a reboot.
    """
    with staged(step.files) as files:
        if not step.change.needed:
            _commit(files)
        else:
            open_before = open_targets(witnesses)
            step.backend.carry_out(step.change)
            try:
                if open_before:
                    _refuse_losses(open_before - open_targets(witnesses))
                _commit(files)
            except BaseException as error:
                _take_back(step.backend, before, error)
                raise
    if step.last:
        remove_created_directories()
    return _reload_units(step.files)


def _commit(files: StagedFiles) -> None:
    try:
        files.commit()
    except OSError as error:
        raise TimesensorError(
            f"{error.filename} cannot be changed: {error.strerror}. The rules and files are as"
            " before."
        ) from error


def _refuse_losses(lost: set[str]) -> None:
    if lost:
        raise TimesensorError(
            f"{', '.join(sorted(lost))} answered before this policy and no more with it, so it was"
            " taken back; the rules and files are as before. Add a flow for each, or leave it out"
            " of probe.",
            lost=sorted(lost),
        )


def _take_back(backend: Backend, before: Sequence[Policy], error: BaseException) -> None:
    """Take the kernel back to the policies `before`; no file has changed."""
    try:
        backend.carry_out(backend.plan(before, before))
    except TimesensorError as second:
        raise TimesensorError(
            f"{error} And the rules could not be taken back: {second.message} They are still those"
            " of the new policy, the files those of the old ones: run the task again.",
            transaction=_transaction(confirmed=False),
        ) from error
    if isinstance(error, TimesensorError):
        error.details["transaction"] = _transaction(confirmed=False, rolled_back=True)


def _reload_units(files: Mapping[str, Content | None]) -> list[str]:
    """Tell systemd of changed units. All is in place already, so a failure is a warning."""
    changed = any(path.startswith(UNIT_DIR) for path in files)
    if not changed or not os.path.isdir("/run/systemd/system"):
        return []
    try:
        run_tool(["systemctl", "daemon-reload"])
    except (TimesensorError, OSError) as error:
        return [f"systemd was not told of the unit {UNIT_NAME}: {error}"]
    if UNIT_FILE in files and files[UNIT_FILE] is None:
        _forget_unit()
    return []


def _forget_unit() -> None:
    """Have systemd forget the unit whose file is gone: one that ran at boot stays active, and one
    that failed stays failed, until somebody says so. It has no ExecStop, so no rule changes."""
    for verb in ("stop", "reset-failed"):
        # Fails where systemd does not know the unit any more, which is what is wanted.
        with contextlib.suppress(TimesensorError):
            run_tool(["systemctl", verb, UNIT_NAME])


def _diff(step: _Step) -> dict[str, str]:
    """Return the diff as Ansible prints it: rules as the kernel shows them, files by name, exposure
    in words."""

    def listed(goes: bool) -> str:
        return "".join(
            f"# file {path}\n" for path, content in step.files.items() if (content is None) == goes
        )

    opens = "".join(
        f"# opens {item['flow']}: {item['direction']} {item['protocol']}"
        f" {', '.join(item['ports'])}, peers {', '.join(item['peers'])}, closed before by"
        f" {item['was_closed_by']}\n"
        for item in step.change.exposure
    )
    return {
        "before_header": f"{step.backend.name} rules and files of legalops.timesensor",
        "after_header": f"{step.backend.name} rules and files of legalops.timesensor",
        "before": step.change.before + listed(goes=True),
        "after": step.change.after + listed(goes=False) + opens,
    }
