# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m lab`: build a root, bring a firm up, look into it from another terminal."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import background, faults, rundir
from .errors import LabError
from .host import ENVIRONMENT, Host
from .lab import Lab, attach, to_stderr
from .root import BOOTED_ROOTS, CAPTURE_ROOTS, Root
from .topology import Topology, firm


def _say(line: str) -> None:
    print(line, flush=True)


def _table(topology: Topology, pids: dict[str, Any]) -> list[str]:
    lines = []
    for spec in topology.hosts:
        addresses = " ".join(topology.addresses(spec))
        pid = f"{pids[spec.name]:>8} " if spec.name in pids else ""
        lines.append(f"  {spec.name:12} {pid}{addresses}  {' '.join(spec.names)}".rstrip())
    return lines


def _fault_option(text: str) -> tuple[str, dict[str, Any]]:
    """`drop_port:port=21,protocol=tcp` -> name and options; numbers become numbers."""
    name, _unused, rest = text.partition(":")
    options: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, separator, value = part.partition("=")
        if not separator:
            raise LabError(f"--fault {text}: {part!r} is not OPTION=VALUE")
        options[key] = int(value) if value.isdigit() else value
    return name, options


def _up(arguments: argparse.Namespace) -> int:
    chosen = [_fault_option(text) for text in arguments.fault]
    for name, _unused in chosen:
        if name not in faults.names():
            raise LabError(f"there is no fault {name!r} (faults: {', '.join(faults.names())})")
    # SIGTERM, and SIGHUP from a closed terminal, end the lab as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with Lab(firm(forward=arguments.forward)) as lab:
            for name, options in chosen:
                lab.fault(name, **options)
            _say("lab: the firm is up (host, pid, addresses, names)")
            for line in _table(lab.topology, {host.name: host.pid for host in lab.hosts.values()}):
                _say(line)
            for name, _unused in chosen:
                _say(f"lab: fault {name}: {faults.describe(name)}")
            _say(f"lab: inventory {lab.run_dir / 'inventory.yml'}")
            environment = " ".join(f"{key}={value}" for key, value in lab.ansible_env().items())
            _say(f"lab: for Ansible {environment}")
            _say("lab: look into it with `python -m lab shell HOST`; Ctrl-C ends it")
            while True:
                signal.pause()
    except KeyboardInterrupt:
        _say("lab: gone")
        return 0


def _pick(arguments: argparse.Namespace) -> dict[str, Any]:
    states = rundir.running()
    if arguments.lab is not None:
        states = [state for state in states if state["pid"] == arguments.lab]
    if not states:
        raise LabError("no lab is running: start one with `python -m lab up` in another terminal")
    if len(states) > 1:
        pids = ", ".join(str(state["pid"]) for state in states)
        raise LabError(f"several labs are running (pids {pids}): choose one with --lab PID")
    return states[0]


def _replace_by(host: Host, command: Sequence[str]) -> NoReturn:
    argv = host.argv(command)
    environment = {**ENVIRONMENT, "TERM": os.environ.get("TERM", "dumb")}
    sys.stdout.flush()
    os.execvpe(argv[0], argv, environment)


def _shell(arguments: argparse.Namespace) -> int:
    host = attach(_pick(arguments), arguments.host)
    prompt = rf"PS1='[lab] {host.name}:\w\$ ' exec bash --norc -i"
    _replace_by(host, ["sh", "-c", f"export {prompt.replace(' exec', '; exec')}"])


def _exec(arguments: argparse.Namespace) -> int:
    command = arguments.command
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        raise LabError("exec: no command given")
    _replace_by(attach(_pick(arguments), arguments.host), command)


def _list(_unused: argparse.Namespace) -> int:
    states = rundir.running()
    if not states:
        _say("no lab is running")
    for state in states:
        broken = f", faults: {', '.join(state['faults'])}" if state["faults"] else ""
        _say(f"lab {state['pid']}: {state['topology']}{broken}, inventory {state['inventory']}")
        for name, host in state["hosts"].items():
            _say(f"  {name:12} {host['pid']:>8} {' '.join(host['addresses'])}")
    return 0


def _service_option(text: str) -> tuple[str, str]:
    name, separator, host = text.partition(":")
    if not separator or not host or not name:
        raise LabError(f"--service {text}: it is not NAME:HOST")
    return name, host


def _start(arguments: argparse.Namespace) -> int:
    plan = background.Plan(
        tuple(arguments.boot),
        arguments.suite,
        arguments.forward,
        tuple(_service_option(text) for text in arguments.service),
        arguments.owner,
    )
    unknown = set(plan.booted) - {host.name for host in firm().hosts}
    if unknown:
        raise LabError(f"--boot: the firm has no host {', '.join(sorted(unknown))} (see `hosts`)")
    record = background.start(Path(arguments.place).absolute(), plan)
    _say(f"lab: process {record['pid']}, run dir {record['run_dir']}")
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    ended = background.stop(Path(arguments.place).absolute())
    _say("lab: gone" if ended else "lab: none was running there")
    return 0


def _power_cut(arguments: argparse.Namespace) -> int:
    background.cut_power(Path(arguments.place).absolute(), arguments.host)
    _say(f"lab: {arguments.host} has booted again")
    return 0


def _add_background_verbs(verbs: Any) -> None:
    start = verbs.add_parser("start", help="bring a firm up in the background, for a directory")
    start.add_argument("place", help="directory for lab.json, inventory.yml and lab.log")
    start.add_argument(
        "--boot", action="append", default=[], metavar="HOST", help="give it systemd"
    )
    start.add_argument("--suite", choices=tuple(BOOTED_ROOTS), default="bookworm")
    start.add_argument("--forward", choices=("drop", "accept"), default="drop")
    start.add_argument("--service", action="append", default=[], metavar="NAME:HOST")
    start.add_argument("--owner", type=int, default=0, metavar="PID", help="end with this process")
    start.set_defaults(run=_start)
    stop = verbs.add_parser("stop", help="end the firm of a directory")
    stop.add_argument("place")
    stop.set_defaults(run=_stop)
    cut = verbs.add_parser("power-cut", help="kill a host that boots; it boots again")
    cut.add_argument("place")
    cut.add_argument("host")
    cut.set_defaults(run=_power_cut)


def _build(arguments: argparse.Namespace) -> int:
    roots = [Root(), *CAPTURE_ROOTS.values(), *BOOTED_ROOTS.values()] if arguments.all else [Root()]
    for root in roots:
        _say(f"lab: root {root.path(to_stderr)}")
    return 0


def _clean(_unused: argparse.Namespace) -> int:
    if rundir.running():
        raise LabError("a lab is running, and its hosts stand on what would be removed")
    for path in sorted(rundir.cache_dir().glob("root-*")):
        _say(f"lab: removing {path}")
        shutil.rmtree(path)
    rundir.remove_stale()
    return 0


def _hosts(_unused: argparse.Namespace) -> int:
    for line in _table(firm(), {}):
        _say(line)
    return 0


def _faults(_unused: argparse.Namespace) -> int:
    for name in faults.names():
        _say(f"  {name:20} {faults.describe(name)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="bring a firm up and keep it until Ctrl-C")
    up.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:OPTION=VALUE,..]",
        help="break something (see `faults`); may be repeated",
    )
    up.add_argument(
        "--forward",
        choices=("drop", "accept"),
        default="drop",
        help="policy of the gateway's own forward chain (default: drop)",
    )
    up.set_defaults(run=_up)
    for name, run, text in (
        ("shell", _shell, "a shell in a host of the running lab"),
        ("exec", _exec, "run one command in a host of the running lab"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--lab", type=int, metavar="PID", help="which lab, when several run")
        verb.add_argument("host")
        if name == "exec":
            verb.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
        verb.set_defaults(run=run)
    for name, show, text in (
        ("list", _list, "labs that run now"),
        ("hosts", _hosts, "hosts, addresses and names of the firm"),
        ("faults", _faults, "what can be broken"),
        ("clean", _clean, "remove the cached Debian roots"),
    ):
        verbs.add_parser(name, help=text).set_defaults(run=show)
    _add_background_verbs(verbs)
    build = verbs.add_parser("build", help="only build the Debian root that the hosts stand on")
    build.add_argument("--all", action="store_true", help="all roots that tests use")
    build.set_defaults(run=_build)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors of the lab are one line on stderr and rc 1."""
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code
