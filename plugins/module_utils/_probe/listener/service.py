# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping: what the module does, with the state on the host as the truth."""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from typing import Any, NoReturn, Sequence

from ..._model.errors import TimesensorError
from . import control
from .binding import LISTENING, Opened, as_result, open_place, skipped
from .options import Settings
from .responder import Responder

_START_PATIENCE = 15.0


def start(
    settings: Settings, check_mode: bool = False, run_dir: str = control.RUN_DIR
) -> dict[str, Any]:
    """Have the listeners of `settings` run, replacing others of the same name.

    Returns the module's result: C(changed), C(running), C(instance), C(results) and C(heard) (what
    an unchanged listener has heard up to now). A listener that already runs with the same settings
    goes on, with its time renewed.
    """
    digest = settings.digest()
    if check_mode:
        before = control.ask(run_dir, settings.name, {"do": "tell"})
        results = [as_result(place, skipped()) for place in settings.places]
        changed = before is None or before.get("digest") != digest
        return {**_result(changed, before, results), "skipped": True}
    with control.locked(run_dir):
        before = control.ask(run_dir, settings.name, {"do": "tell"})
        same = before is not None and before.get("digest") == digest
        if before is not None and same and _all_listen(before["results"]):
            before = control.ask(run_dir, settings.name, {"do": "renew", "ttl": settings.ttl})
            if before is not None:
                return _result(False, before, before["results"])
        if before is not None:
            _end(run_dir, settings.name)
        opened, results = _open_all(settings)
        unchanged = same and before is not None and results == before["results"]
        facts = {"digest": digest, "instance": uuid.uuid4().hex, "results": results}
        if opened:
            _launch(settings, opened, facts, run_dir)
        return _result(not unchanged, facts if opened else None, results)


def stop(name: str, check_mode: bool = False, run_dir: str = control.RUN_DIR) -> dict[str, Any]:
    """End the listeners of this name and return what they have heard.

    C(was_running) is false when there were none: then nobody can say what arrived.
    """
    if check_mode:
        found = control.ask(run_dir, name, {"do": "tell"})
        running = found is not None
        return {**_result(running, found, []), "was_running": running, "skipped": True}
    told = None
    if os.path.isdir(run_dir):
        with control.locked(run_dir):
            told = _end(run_dir, name)
    if told is None:
        return {**_result(False, None, []), "was_running": False}
    return {**_result(True, told, told["results"]), "running": False, "was_running": True}


def query(name: str, run_dir: str = control.RUN_DIR) -> dict[str, Any]:
    """Return what the listeners of this name have heard; C(running) is false when there are
    none."""
    told = control.ask(run_dir, name, {"do": "tell"})
    return _result(False, told, [] if told is None else told["results"])


def _result(
    changed: bool, told: dict[str, Any] | None, results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the module's result; `told` is what a running listener says of itself, None for
    none."""
    found = told or {}
    return {
        "changed": changed,
        "running": told is not None,
        "instance": found.get("instance", ""),
        "results": results,
        "heard": found.get("heard", {}),
    }


def _all_listen(results: Sequence[dict[str, Any]]) -> bool:
    return all(result["verdict"] == LISTENING for result in results)


def _end(run_dir: str, name: str) -> dict[str, Any] | None:
    told = control.ask(run_dir, name, {"do": "stop"})
    control.remove_socket(run_dir, name)
    return told


def _open_all(settings: Settings) -> tuple[list[Opened], list[dict[str, Any]]]:
    opened: list[Opened] = []
    results = []
    for place in settings.places:
        sockets, verdict = open_place(place)
        opened += sockets
        results.append(as_result(place, verdict))
    return opened, results


def _launch(
    settings: Settings, opened: Sequence[Opened], facts: dict[str, Any], run_dir: str
) -> None:
    """Fork the process that answers, away from this one's session, and see that it answers.

    A fork without exec: the token stays in memory and reaches no command line, environment or file.
    """
    channel = control.open_control(run_dir, settings.name)
    child = os.fork()
    if child == 0:
        _serve(settings, opened, channel, facts, run_dir)
    os.waitpid(child, 0)
    channel.close()
    for item in opened:
        item.sock.close()
    if control.ask(run_dir, settings.name, {"do": "tell"}, _START_PATIENCE) is None:
        control.remove_socket(run_dir, settings.name)
        raise TimesensorError(
            f"the listener {settings.name} was started but does not answer; nothing listens"
        )


def _serve(
    settings: Settings,
    opened: Sequence[Opened],
    channel: Any,
    facts: dict[str, Any],
    run_dir: str,
) -> NoReturn:
    """Run as the child: leave the session, serve, clean up, and never return into the module."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _detach([channel.fileno(), *(item.sock.fileno() for item in opened)])
        path = control.socket_path(run_dir, settings.name)
        inode = os.stat(path).st_ino
        responder = Responder(opened, channel, settings.token, settings.peers, settings.ttl, facts)
        stopped_by_module = False
        with contextlib.suppress(SystemExit):
            stopped_by_module = responder.run()
        if not stopped_by_module:
            with control.locked(run_dir):
                control.remove_socket(run_dir, settings.name, inode)
    finally:
        os._exit(0)


def _leave(_number: int, _frame: Any) -> NoReturn:
    """Turn a polite kill into an end that cleans up."""
    raise SystemExit


def _detach(keep: Sequence[int]) -> None:
    """Let go of the terminal, the pipes of Ansible and the working directory: the module
    returns."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    os.chdir("/")
    os.umask(0o077)
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep and int(name) > 2:
            with contextlib.suppress(OSError):
                os.close(int(name))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
