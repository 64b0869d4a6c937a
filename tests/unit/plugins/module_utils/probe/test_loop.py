# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: waiting, deadlines, and one broken task among many."""

from __future__ import annotations

import socket
import time
from typing import Iterator

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._probe.loop import (
    READ,
    Happened,
    Loop,
    Ready,
    Signal,
    Steps,
    pause,
)


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def test_a_task_that_waits_for_nothing_ends_at_once(loop: Loop) -> None:
    def steps() -> Steps[int]:
        return 7
        yield

    task = loop.spawn(steps())
    loop.run()

    assert (task.result, task.done.is_set) == (7, True)


def test_a_readable_socket_resumes_with_true_and_a_silent_one_with_false(loop: Loop) -> None:
    left, right = socket.socketpair()
    quiet, other = socket.socketpair()

    def steps(sock: socket.socket) -> Steps[bool]:
        return (yield Ready(sock, READ, time.monotonic() + 0.05))

    with left, right, quiet, other:
        right.send(b"x")
        heard, silent = loop.spawn(steps(left)), loop.spawn(steps(quiet))
        loop.run()

    assert (heard.result, silent.result) == (True, False)


def test_a_deadline_that_is_over_does_not_disturb_the_next_wait(loop: Loop) -> None:
    left, right = socket.socketpair()

    def steps() -> Steps[list[bool]]:
        first = yield Ready(left, READ, time.monotonic() + 0.05)
        left.recv(1)
        second = yield Ready(left, READ, time.monotonic() + 0.2)
        return [first, second]

    def answer() -> Steps[None]:
        yield from pause(time.monotonic() + 0.1)
        right.send(b"y")

    with left, right:
        right.send(b"x")
        task = loop.spawn(steps())
        loop.spawn(answer())
        loop.run()

    assert task.result == [True, True]


def test_hundreds_of_deadlines_pass_together(loop: Loop) -> None:
    started = time.monotonic()
    for _number in range(500):
        loop.spawn(pause(started + 0.1))
    loop.run()

    assert 0.1 <= time.monotonic() - started < 0.5


def test_a_signal_resumes_all_who_wait_and_those_who_come_later(loop: Loop) -> None:
    signal = Signal()

    def wait() -> Steps[bool]:
        return (yield Happened(signal, time.monotonic() + 5))

    def fire() -> Steps[None]:
        yield from pause(time.monotonic() + 0.02)
        loop.set(signal)

    early = [loop.spawn(wait()), loop.spawn(wait())]
    loop.spawn(fire())
    loop.run()
    late = loop.spawn(wait())
    loop.run()

    assert [task.result for task in (*early, late)] == [True, True, True]


def test_a_signal_that_does_not_come_in_time_is_false(loop: Loop) -> None:
    def wait() -> Steps[bool]:
        return (yield Happened(Signal(), time.monotonic() + 0.02))

    task = loop.spawn(wait())
    loop.run()

    assert task.result is False


def test_a_broken_task_does_not_take_the_others_with_it(loop: Loop) -> None:
    def breaks() -> Steps[None]:
        yield from pause(time.monotonic() + 0.01)
        raise ValueError("broken")

    def works() -> Steps[str]:
        yield from pause(time.monotonic() + 0.03)
        return "done"

    broken, working = loop.spawn(breaks()), loop.spawn(works())
    loop.run()

    assert str(broken.error) == "broken"
    assert working.result == "done"


def test_a_background_task_does_not_keep_the_loop(loop: Loop) -> None:
    closed = []

    def forever() -> Steps[None]:
        try:
            yield Happened(Signal(), float("inf"))
        finally:
            closed.append(True)

    loop.spawn(forever(), background=True)
    loop.spawn(pause(time.monotonic() + 0.01))
    loop.run()
    loop.close()

    assert closed == [True]
