# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that lives between commands: `python -m lab start PLACE` and `python -m lab stop PLACE`.

It is a process of its own, which ends on SIGTERM and when its owner has ended, whichever comes
first. PLACE is a directory of the caller; in it are lab.json (which process, which run dir),
inventory.yml (a link into the run dir) and lab.log.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import linux, rundir
from .booted import BOOT_SECONDS
from .errors import LabError
from .host import Host, wait_for
from .lab import Lab, attach
from .topology import firm

RECORD = "lab.json"
_LOOK_EVERY = 0.2


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is started. `services` are (name, host); `owner` a pid, 0 for a lab without owner."""

    booted: tuple[str, ...] = ()
    suite: str = "bookworm"
    forward: str = "drop"
    services: tuple[tuple[str, str], ...] = ()
    owner: int = 0


def start(place: Path, plan: Plan) -> dict[str, Any]:
    """Start a lab in the background and return its record once it is up."""
    if _alive(place) is not None:
        raise LabError(f"a lab runs already for {place}: end it with `python -m lab stop {place}`")
    if plan.owner and linux.start_time(plan.owner) is None:
        raise LabError(f"no process {plan.owner} runs that could be the owner; no lab was started")
    place.mkdir(parents=True, exist_ok=True)
    log = place / "lab.log"
    ready, ready_write = os.pipe()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab.background", str(place), str(ready_write)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            cwd="/",
            start_new_session=True,
            pass_fds=[ready_write],
            text=True,
        )
    os.close(ready_write)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended already: its log says why
        process.stdin.write(json.dumps(dataclasses.asdict(plan)))
        process.stdin.close()
    try:
        with os.fdopen(ready, "rb") as pipe:
            answer = pipe.read()
    except BaseException:
        process.terminate()  # Ctrl-C: nobody knows of that lab yet, so nobody else would end it
        process.wait()
        raise
    if answer != b"ok":
        process.wait()
        raise LabError(f"the lab did not start; {log} says:\n{log.read_text().strip()}")
    record: dict[str, Any] = json.loads((place / RECORD).read_text())
    return record


def stop(place: Path, timeout: float = 30) -> bool:
    """End the lab of that place and remove its files; False when there was none."""
    pid = _alive(place)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        wait_for(lambda: _alive(place) is None, timeout, f"the lab of {place} did not end", 0.05)
    for name in (RECORD, "inventory.yml"):
        (place / name).unlink(missing_ok=True)
    return pid is not None


def state(place: Path) -> dict[str, Any]:
    """The state of that place's lab, as rundir.running() has it."""
    with contextlib.suppress(FileNotFoundError):  # it may end while we look
        if _alive(place) is not None:
            record = json.loads((place / RECORD).read_text())
            found: dict[str, Any] = json.loads(Path(record["run_dir"], rundir.STATE).read_text())
            return found
    raise LabError(f"no lab runs for {place}")


def host(place: Path, name: str) -> Host:
    """A host of that place's lab, for a process that did not start it."""
    return attach(state(place), name)


def cut_power(place: Path, name: str, timeout: float = 2 * BOOT_SECONDS + 10) -> None:
    """Kill a host that boots, as a power cut would, and wait until it has booted again.

    That may take two boots: of another host that was cut a moment earlier, then its own.
    """
    victim = host(place, name)
    if not state(place)["hosts"][name]["spec"]["boots"]:
        raise LabError(f"host {name} does not boot, so it would not come back; nothing was done")
    os.kill(victim.pid, signal.SIGKILL)

    def back() -> bool:
        known = state(place)["hosts"][name]
        return bool(known["pid"] != victim.pid)

    wait_for(back, timeout, f"host {name} has not booted again", interval=0.1)


def _alive(place: Path) -> int | None:
    try:
        record = json.loads((place / RECORD).read_text())
    except FileNotFoundError:
        return None
    pid = int(record["pid"])
    return pid if linux.start_time(pid) == record["started"] else None


class _Ended(BaseException):
    """SIGTERM: not an error, and not to be caught as one."""


def _serve(place: Path, plan: Plan, ready: int) -> None:
    owner_started = linux.start_time(plan.owner) if plan.owner else None

    def owned() -> bool:
        if not plan.owner:
            return True
        return owner_started is not None and linux.start_time(plan.owner) == owner_started

    with Lab(firm(forward=plan.forward, booted=plan.booted, suite=plan.suite)) as lab:
        for name, where in plan.services:
            lab.services.start(name, where)
        link = place / "inventory.yml"
        link.unlink(missing_ok=True)
        link.symlink_to(lab.inventory())
        record = {"pid": os.getpid(), "started": linux.start_time(os.getpid())}
        rundir.write_whole(place / RECORD, {**record, "run_dir": str(lab.run_dir)})
        os.write(ready, b"ok")
        os.close(ready)
        while owned():
            time.sleep(_LOOK_EVERY)
            for name in lab.tend():
                print(f"lab: {name} went down", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Be the lab: `python -m lab.background PLACE READY_FD`, with a Plan as JSON on stdin."""

    def ended(_number: int, _frame: object) -> None:
        raise _Ended

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, ended)
    place, ready = Path(arguments[0]), int(arguments[1])
    os.set_inheritable(ready, False)
    try:
        _serve(place, _plan(json.load(sys.stdin)), ready)
    except _Ended:
        print("lab: told to end", flush=True)
    except LabError as error:
        sys.exit(f"lab: {error}")


def _plan(data: Mapping[str, Any]) -> Plan:
    services = tuple((name, where) for name, where in data["services"])
    return Plan(**{**data, "booted": tuple(data["booted"]), "services": services})


if __name__ == "__main__":
    main(sys.argv[1:])
