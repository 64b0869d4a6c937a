# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""These tests need root and a kernel: they make namespaces, and touch nothing outside of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration_lab.private_host import PrivateHost

from lab import Lab, Root, firm

# Minutes each, so they begin first: at the end no worker waits long for another one.
LONGEST = (
    "test_bench",
    "test_demo",
    "test_lab_booted",
    "test_update_server",
    "test_documentation",
    "test_foreign_rules",
    "test_scenario_proof",
    "test_ftp_path",
    "test_firewall_policy_crash",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if items and os.geteuid() != 0:
        raise pytest.UsageError("the integration tests need root: they make network namespaces")
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="module")
def shared_firm() -> Iterator[Lab]:
    """A firm whose gateway drops what it should forward, shared by the tests of a file."""
    with Lab(firm()) as lab:
        yield lab


@pytest.fixture
def fresh_firm() -> Iterator[Lab]:
    """The same, new for each test (it takes a quarter of a second)."""
    with Lab(firm()) as lab:
        yield lab


@pytest.fixture
def open_firm() -> Iterator[Lab]:
    """A firm whose gateway forwards everything, new for each test."""
    with Lab(firm(forward="accept")) as lab:
        yield lab


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run dirs of our own, so that labs of other people on this machine are not counted."""
    root = Root().path(print)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / root.name).symlink_to(root)
    monkeypatch.setenv("TIMESENSOR_LAB_CACHE", str(cache))
    return cache


@pytest.fixture
def host() -> Iterator[PrivateHost]:
    """A host of its own for one test of the firewall; not testinfra's fixture of that name."""
    with PrivateHost() as made:
        yield made
