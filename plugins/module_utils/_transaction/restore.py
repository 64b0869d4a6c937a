# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that a boot runs: plan the kept policies against the rules that are there now, and
apply them."""

from __future__ import annotations

import sys

from .._backends.registry import choose_backend
from .._model.errors import TimesensorError
from .._model.policy import AUTO
from .lock import host_lock
from .store import load_all


def main() -> None:
    """Restore; leave with exit code 1 and one line that says why when that is not possible, or not
    for all flows."""
    try:
        with host_lock():
            kept = load_all()  # after a reboot those that must not come back are gone with /run
            backend = choose_backend(AUTO)
            change = backend.plan(kept, kept)
            if change.needed:
                backend.carry_out(change)
            if change.conflicts:
                raise TimesensorError(
                    "; ".join(str(item.as_dict()["what"]) for item in change.conflicts)
                )
    except TimesensorError as error:
        raise SystemExit(f"legalops.timesensor: {error.message}") from error
    sys.stdout.write(f"legalops.timesensor: {len(kept)} policies in force\n")
