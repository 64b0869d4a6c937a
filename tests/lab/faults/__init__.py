# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breakages by name: `lab.fault("drop_port", port=21)`. One file per fault, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import LabError

if TYPE_CHECKING:
    from ..lab import Lab


def names() -> list[str]:
    """All faults there are."""
    return sorted(item.name for item in pkgutil.iter_modules(__path__))


def describe(name: str) -> str:
    """What the fault breaks: the first line of its file's docstring."""
    module = importlib.import_module(f"{__name__}.{name}")
    return (module.__doc__ or "").strip().splitlines()[0]


class Fault:
    """Something that is broken at present; `remove()`, or the end of a `with` block, mends it."""

    def __init__(self, lab: Lab, name: str, mend: Callable[[], None]) -> None:
        self.lab = lab
        self.name = name
        self._mend = mend

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Mend it; harmless when called twice."""
        if self in self.lab.faults:
            self.lab.faults.remove(self)
            self._mend()


def apply(lab: Lab, name: str, **options: Any) -> Fault:
    """Break it.

    A fault's file has `apply(lab, **options)` which returns the function that mends it.
    """
    if name not in names():
        raise LabError(f"there is no fault {name!r} (faults: {', '.join(names())})")
    module = importlib.import_module(f"{__name__}.{name}")
    return Fault(lab, name, module.apply(lab, **options))
