# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services by name: `lab.services.start("vsftpd", "update", ...)`.

One file per service, found by its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import LabError
from .base import Service

if TYPE_CHECKING:
    from ..lab import Lab


def names() -> list[str]:
    """All services there are."""
    return sorted(item.name for item in pkgutil.iter_modules(__path__) if item.name != "base")


class Services:
    """What runs in a lab. A service's file has `start(lab, host, **options) -> Service`."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.running: list[Service] = []

    def start(self, name: str, host: str, **options: Any) -> Service:
        """Start a service on a host and wait until it accepts connections."""
        if name not in names():
            raise LabError(f"there is no service {name!r} (services: {', '.join(names())})")
        module = importlib.import_module(f"{__name__}.{name}")
        service: Service = module.start(self._lab, self._lab[host], **options)
        self.running.append(service)
        return service

    def __getattr__(self, attribute: str) -> Callable[..., Service]:
        """`start_NAME(host, ...)` is `start("NAME", host, ...)`."""
        if not attribute.startswith("start_"):
            raise AttributeError(attribute)
        return lambda host, **options: self.start(attribute.removeprefix("start_"), host, **options)

    def forget(self) -> None:
        """Let go of all services; their hosts are gone, so they are."""
        for service in self.running:
            service.stop()
        self.running.clear()
