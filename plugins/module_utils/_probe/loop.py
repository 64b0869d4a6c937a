# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One selector loop that drives many small generators: all probes run at once in one thread.

A generator yields what it waits for and is resumed with True when that came, with False when its
time was up. The standard library's asyncio would do the same, but costs 50 ms of CPU to import,
half of what a whole task costs a host.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from typing import Any, Dict, Generator, Generic, List, NamedTuple, Tuple, TypeVar, Union

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

Result = TypeVar("Result")


class Signal:
    """Something that happens once: tasks can wait for it."""

    def __init__(self) -> None:
        self.is_set = False
        self.waiting: List[Task[Any]] = []


class Ready(NamedTuple):
    """Wait until `sock` can be read or written (`events`), at most to `until` (monotonic
    seconds)."""

    sock: socket.socket
    events: int
    until: float


class Happened(NamedTuple):
    """Wait for `signal`, at most to `until` (monotonic seconds)."""

    signal: Signal
    until: float


Wait = Union[Ready, Happened]
Steps = Generator[Wait, bool, Result]


class Task(Generic[Result]):
    """A running generator; `result` or `error` holds what it ended with once `done` is set."""

    def __init__(self, steps: Steps[Result], background: bool) -> None:
        self.steps = steps
        self.background = background
        self.done = Signal()
        self.result: Union[Result, None] = None
        self.error: Union[Exception, None] = None
        self.turn = 0
        self.waits_for: Union[Wait, None] = None


class Loop:
    """Runs tasks until all but the background ones have ended."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: List[Tuple[float, int, int, Task[Any]]] = []
        self._serial = itertools.count()
        self._running: Dict[Task[Any], None] = {}
        self._foreground = 0

    def spawn(self, steps: Steps[Result], background: bool = False) -> Task[Result]:
        """Start a generator; its first step runs at once."""
        task: Task[Result] = Task(steps, background)
        self._running[task] = None
        self._foreground += 0 if background else 1
        self._resume(task, True)
        return task

    def set(self, signal: Signal) -> None:
        """Mark `signal` as happened and resume all who wait for it."""
        signal.is_set = True
        waiting, signal.waiting = signal.waiting, []
        for task in waiting:
            self._resume(task, True)

    def run(self) -> None:
        while self._foreground:
            for key, _events in self._selector.select(self._next_timeout()):
                if key.data.waits_for is not None and key.data.waits_for[0] is key.fileobj:
                    self._resume(key.data, True)
            self._fire_timers()

    def close(self) -> None:
        """End the background tasks and give the selector back."""
        for task in list(self._running):
            self._forget_wait(task)
            task.steps.close()
        self._running.clear()
        self._selector.close()

    def _next_timeout(self) -> Union[float, None]:
        while self._timers and self._timers[0][2] != self._timers[0][3].turn:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return max(0.0, self._timers[0][0] - time.monotonic())

    def _fire_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            _until, _serial, turn, task = heapq.heappop(self._timers)
            if turn == task.turn:
                self._resume(task, False)

    def _forget_wait(self, task: Task[Any]) -> None:
        wait, task.waits_for = task.waits_for, None
        task.turn += 1
        if isinstance(wait, Ready):
            self._selector.unregister(wait.sock)
        elif wait is not None and task in wait.signal.waiting:
            wait.signal.waiting.remove(task)

    def _resume(self, task: Task[Any], came: bool) -> None:
        self._forget_wait(task)
        try:
            # A new generator takes no value; `turn` is 1 exactly then.
            wait = next(task.steps) if task.turn == 1 else task.steps.send(came)
            while isinstance(wait, Happened) and wait.signal.is_set:
                wait = task.steps.send(True)
            self._wait(task, wait)
        except StopIteration as stop:
            self._end(task, stop.value, None)
        except Exception as error:  # one broken probe must not take the others with it
            self._end(task, None, error)

    def _wait(self, task: Task[Any], wait: Wait) -> None:
        if isinstance(wait, Ready):
            self._selector.register(wait.sock, wait.events, task)
        else:
            wait.signal.waiting.append(task)
        task.waits_for = wait
        if wait.until != float("inf"):
            heapq.heappush(self._timers, (wait.until, next(self._serial), task.turn, task))

    def _end(self, task: Task[Any], result: Any, error: Union[Exception, None]) -> None:
        task.result = result
        task.error = error
        self._running.pop(task, None)
        self._foreground -= 0 if task.background else 1
        self.set(task.done)


def pause(until: float) -> Steps[None]:
    """Do nothing up to `until` (monotonic seconds)."""
    yield Happened(Signal(), until)
