# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: many at once, under one deadline."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._probe import resolve
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.loop import Loop
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.resolve import (
    Address,
    Resolution,
    Resolver,
    name_servers,
)


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def test_addresses_need_no_name_server_and_keep_their_family(loop: Loop) -> None:
    resolver = Resolver(loop, "auto")
    until = time.monotonic() + 5
    four = loop.spawn(resolver.resolve("127.0.0.1", until))
    six = loop.spawn(resolver.resolve("::1", until))
    loop.run()
    resolver.close()

    assert four.result == Resolution((Address(socket.AF_INET, "127.0.0.1"),))
    assert six.result == Resolution((Address(socket.AF_INET6, "::1"),))


def test_the_family_is_kept_to(loop: Loop) -> None:
    resolver = Resolver(loop, "ipv4")
    task = loop.spawn(resolver.resolve("::1", time.monotonic() + 5))
    loop.run()
    resolver.close()

    assert task.result is not None
    assert task.result.addresses == ()
    assert task.result.error != 0


def test_a_name_of_many_targets_is_asked_once(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look_up(name: str, family: str) -> Resolution:
        asked.append(name)
        return Resolution(message="asked")

    monkeypatch.setattr(resolve, "look_up", look_up)
    resolver = Resolver(loop, "auto")
    until = time.monotonic() + 5
    tasks = [loop.spawn(resolver.resolve("a.example", until)) for _number in range(50)]
    loop.run()
    resolver.close()

    assert asked == ["a.example"]
    assert {task.result for task in tasks} == {Resolution(message="asked")}


def test_a_silent_name_server_costs_the_deadline_and_no_more(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(name: str, family: str) -> Resolution:
        time.sleep(0.5)
        return Resolution()

    monkeypatch.setattr(resolve, "look_up", look_up)
    resolver = Resolver(loop, "auto")
    started = time.monotonic()
    tasks = [
        loop.spawn(resolver.resolve(f"{number}.example", started + 0.1)) for number in range(300)
    ]
    loop.run()
    took = time.monotonic() - started
    resolver.close()

    assert took < 0.4
    assert all(task.result is not None and task.result.late for task in tasks)


def test_the_name_servers_are_read(tmp_path: Path) -> None:
    config = tmp_path / "resolv.conf"
    config.write_text("# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.53\n")

    assert name_servers(str(config)) == ("192.0.2.53",)
    assert name_servers(str(tmp_path / "missing")) == ()
