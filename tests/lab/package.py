# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test packages to download. Needs the collection on Python's path."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.pattern import Pattern


def write(path: Path, size: int, seed: str) -> Path:
    """Write `size` bytes of the seed's pattern, and return the path. What the service vsftpd of a
    host serves is in C(host.disk / "ftp")."""
    with path.open("wb") as file:
        for chunk in Pattern(seed).chunks(size):
            file.write(chunk)
    return path
