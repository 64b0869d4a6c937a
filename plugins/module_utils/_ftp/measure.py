# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One download, measured: the phases one after the other, and the cheap experiments after a
failure.

Says what happened and judges nothing: the result is an I(observation), a plain dict from which the
controller makes a
verdict (plugin_utils/ftp_verdicts). The Windows twin returns the same keys:

C(schema), C(host), C(port), C(path), C(address), C(family), C(witnessed);
C(phase) - the phase that failed (resolve, connect, greeting, login, prepare, data, retrieve,
transfer, final_reply), or done;
C(failure) - None, or {kind, text, error, reply: {code, text}}, kinds in `broken`;
C(connects) - per address that was tried {address, result, text, error, milliseconds, wire};
C(attempts) - per data connection, see `data.Attempt`; C(mode) - the one that carried the file;
C(size), C(size_source) - expected_size, SIZE, MLST or 150; C(size_on_server) - what the server
itself said;
C(transfer) - see `transfer.receive`; C(data_wire), C(control_wire) - what the packet socket saw;
C(final) - the last reply {code, text}; C(control) - see `Control.health`, after the transfer or
after a failure;
C(limits) - the options that can turn a good transfer into a bad one; C(phases_ms), C(tcp),
C(control_log).
"""

from __future__ import annotations

import re
import socket
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from .broken import DEADLINE, REPLY, UNREACHABLE, Broken, Deadline
from .control import Control
from .data import ACTIVE, AUTO, EPSV, PASV, Attempt, DataOpener
from .options import Options
from .reply import Reply, opening_size, size_of
from .tcp_info import tcp_info
from .transfer import EOF, MAX_BYTES, Limits, receive
from .verifier import make_verifier
from .wire import Watch, Wire, WireBroken, resolve, unwatched

SCHEMA = "legalops.timesensor/ftp-observation/1"
_MLST_SIZE = re.compile(r"(?:^|[;\s])size=(\d{1,19});", re.IGNORECASE)
_UNKNOWN_COMMAND = (500, 501, 502, 504)

Report = Callable[[int, Optional[int], float], None]


def measure(options: Options, report: Report = lambda got, size, seconds: None) -> Dict[str, Any]:
    """Download once and return the observation. `report` hears bytes, size and seconds about four
    times a second.
    """
    run = _Run(options, report)
    try:
        run.go()
    finally:
        run.close()
    return run.seen


class _Run:
    def __init__(self, options: Options, report: Report) -> None:
        self._options = options
        self._report = report
        self._deadline = Deadline(options.deadline)
        self._end = None if options.deadline is None else time.monotonic() + options.deadline
        self._wire = Wire()
        self._control: Optional[Control] = None
        self._control_watch: Watch = unwatched
        self._opener: Optional[DataOpener] = None
        self.seen: Dict[str, Any] = {
            "schema": SCHEMA,
            "host": options.host,
            "port": options.port,
            "path": options.path,
            "address": "",
            "family": "",
            "witnessed": self._wire.witnessed,
            "phase": "resolve",
            "failure": None,
            "connects": [],
            "attempts": [],
            "mode": "",
            "wanted_mode": options.mode,
            "size": options.expected_size,
            "size_source": "" if options.expected_size is None else "expected_size",
            "size_on_server": None,
            "transfer": None,
            "data_wire": None,
            "control_wire": None,
            "data_source_port": None,
            "final": None,
            "control": None,
            "limits": {
                "min_mbit": options.min_mbit,
                "min_mbit_window": options.min_mbit_window,
                "deadline": options.deadline,
                "max_bytes": options.max_bytes,
                "stall_timeout": options.stall_timeout,
                "reply_timeout": options.reply_timeout,
                "connect_timeout": options.connect_timeout,
            },
            "phases_ms": {},
            "tcp": {},
            "control_log": [],
        }

    def go(self) -> None:
        """Run the phases; the first that fails ends the run and is examined."""
        phases: Tuple[Tuple[str, Callable[[], None]], ...] = (
            ("connect", self._connect),
            ("greeting", self._greet),
            ("login", self._log_in),
            ("prepare", self._prepare),
            ("data", self._download),
        )
        try:
            for name, phase in phases:
                self._enter(name)
                phase()
        except Broken as broken:
            self.seen["failure"] = broken.as_dict()
        else:
            self._enter("done")
        self._examine()

    def _enter(self, phase: str) -> None:
        now = time.monotonic()
        if phase != "connect":
            self.seen["phases_ms"][self.seen["phase"]] = round((now - self._entered) * 1000, 1)
        self._entered = now
        self.seen["phase"] = phase

    _entered = 0.0

    def _connect(self) -> None:
        options = self._options
        self.seen["phase"] = "resolve"
        addresses = resolve(options.host, options.port, self._deadline)
        self.seen["phase"] = "connect"
        failures: List[Broken] = []
        for address in addresses:
            started = time.monotonic()
            record: Dict[str, Any] = {
                "address": address[1][0],
                "result": "connected",
                "text": "",
                "error": "",
            }
            self.seen["connects"].append(record)
            try:
                sock, watch = self._wire.connect(
                    address, options.connect_timeout, self._deadline, f"port {options.port}"
                )
            except Broken as broken:
                failures.append(broken)
                record.update(result=broken.kind, text=broken.text, error=broken.error)
                record["wire"] = broken.wire if isinstance(broken, WireBroken) else None
                if broken.kind == DEADLINE:
                    raise
                continue
            finally:
                record["milliseconds"] = round((time.monotonic() - started) * 1000, 1)
            self._use(sock, watch)
            return
        # The most telling one: an address of a family that this host has no way to, as IPv6 often,
        # says nothing about the path to the others.
        raise min(failures, key=lambda broken: broken.kind == UNREACHABLE)

    def _use(self, sock: socket.socket, watch: Watch) -> None:
        self._control = Control(sock, self._options.reply_timeout, self._deadline)
        self._control_watch = watch
        self._opener = DataOpener(
            self._control, self._wire, self._options.connect_timeout, self._deadline
        )
        self.seen["address"] = self._opener.peer[0]
        self.seen["family"] = "ipv6" if sock.family == socket.AF_INET6 else "ipv4"

    def _greet(self) -> None:
        control = self._talk()
        reply = control.answer()
        if reply.kind != 2:
            raise Broken(REPLY, f"the server greets with {reply}", reply=reply)

    def _log_in(self) -> None:
        control, options = self._talk(), self._options
        reply = control.expect("USER", options.user, kinds="23")
        if reply.kind == 3:
            password = options.password or ("anonymous@" if options.user == "anonymous" else "")
            control.expect("PASS", password, secret=True)

    def _prepare(self) -> None:
        control = self._talk()
        control.expect("TYPE", "I")
        reply = control.command("SIZE", self._options.path)
        size, source = size_of(reply), "SIZE"
        if size is None and reply.code in _UNKNOWN_COMMAND:
            answer = control.command("MLST", self._options.path)
            match = _MLST_SIZE.search(answer.text) if answer.kind == 2 else None
            size, source = (int(match.group(1)) if match else None), "MLST"
        self._learn_size(size, source)

    def _learn_size(self, size: Optional[int], source: str) -> None:
        if size is None:
            return
        if self.seen["size_on_server"] is None:
            self.seen["size_on_server"] = size
        if self.seen["size"] is None:
            self.seen["size"], self.seen["size_source"] = size, source

    def _download(self) -> None:
        if self._options.mode == ACTIVE:
            sock, watch, started = self._active()
        else:
            sock, watch, started = self._passive()
        with sock:
            self._transfer(sock, watch, started)

    def _passive(self) -> Tuple[socket.socket, Watch, float]:
        sock, watch = self._open_passive()
        control = self._talk()
        self._enter("retrieve")
        started = time.monotonic()
        try:
            control.send("RETR", self._options.path)
            self._opened(control.reply())
        except Broken:
            sock.close()
            raise
        return sock, watch, started

    def _open_passive(self) -> Tuple[socket.socket, Watch]:
        """Try EPSV, then PASV, as curl does; PASV does not exist on IPv6."""
        opener = self._data_opener()
        modes = [self._options.mode]
        if self._options.mode == AUTO:
            modes = [EPSV, PASV] if opener.family == socket.AF_INET else [EPSV]
        failures: List[Broken] = []
        for mode in modes:
            attempt = Attempt(mode)
            self.seen["attempts"].append(attempt)
            try:
                sock, watch = opener.passive(mode, attempt)
            except Broken as broken:
                failures.append(broken)
                if not self._still_there(attempt, broken):
                    break
                continue
            self.seen["mode"] = mode
            return sock, watch
        # That a server lacks one of the commands does not explain why the other one's data
        # connection failed.
        raise ([broken for broken in failures if broken.reply is None] or failures)[-1]

    def _still_there(self, attempt: Attempt, broken: Broken) -> bool:
        """Tell whether another try makes sense: the control connection answers."""
        if broken.reply is not None:
            return broken.reply.code != 421
        if broken.kind in (DEADLINE, "closed", "reset", "protocol") or not attempt.port:
            return False
        health = self._talk().health()
        attempt.control = health["noop"]
        return attempt.control == "answered"

    def _active(self) -> Tuple[socket.socket, Watch, float]:
        opener, control = self._data_opener(), self._talk()
        attempt = Attempt(ACTIVE)
        self.seen["attempts"].append(attempt)
        try:
            with opener.listen(attempt) as listener:
                started = time.monotonic()
                control.send("RETR", self._options.path)
                sock = opener.accept(listener, attempt)
        except Broken as broken:
            # Some servers close the control connection over it, most wait long: do not ask them.
            if self._options.diagnose and broken.kind != DEADLINE:
                self._compare_with_passive()
            raise
        self.seen["mode"] = ACTIVE
        self.seen["data_source_port"] = sock.getpeername()[1]
        self._enter("retrieve")
        try:
            self._opened(opener.opening or control.reply())
        except Broken:
            sock.close()
            raise
        return sock, unwatched, started

    def _compare_with_passive(self) -> None:
        """Experiment: does a passive data connection work where the active one does not?

        Over a session of its own, because the first one is busy with its own attempt.
        """
        control = self._talk()
        options, attempt = self._options, Attempt(EPSV)
        try:
            place = (control.sock.family, self._data_opener().peer)
            sock, _watch = self._wire.connect(
                place, options.connect_timeout, self._deadline, "control"
            )
        except Broken:
            return
        second = Control(sock, min(options.reply_timeout, 10.0), self._deadline)
        try:
            self._control = second
            self._greet()
            self._log_in()
            opener = DataOpener(second, self._wire, options.connect_timeout, self._deadline)
            opener.passive(EPSV, attempt)[0].close()
        except Broken:
            pass
        finally:
            self._control = control
            second.quit()
        self.seen["attempts"].append(attempt)

    def _opened(self, reply: Reply) -> None:
        if reply.kind == 2:
            # The end came before the start: a small file, or a proxy that already holds all of it.
            self.seen["final"] = {"code": reply.code, "text": str(reply)}
        elif reply.kind != 1:
            raise Broken(REPLY, f"RETR was answered with {reply}", reply=reply)
        self._learn_size(opening_size(reply), "150")

    def _transfer(self, sock: socket.socket, watch: Watch, started: float) -> None:
        options, size = self._options, self.seen["size"]
        self._enter("transfer")
        verifier = make_verifier(options.verify, options.seed, options.digest)
        # A server with another, larger file than expected is to be told from a path that adds
        # bytes.
        largest = max(size, self.seen["size_on_server"] or 0) if size is not None else None
        limits = Limits(options.stall_timeout, options.max_bytes, self._end, largest)

        def progress(got: int, seconds: float) -> None:
            self._report(got, size, seconds)

        result = receive(sock, verifier, limits, started, progress)
        self._report(result["bytes"], size, result["seconds"])
        self.seen["transfer"] = result
        self.seen["tcp"] = tcp_info(sock)
        self.seen["data_wire"] = watch()
        sock.close()
        if result["end"] == EOF:
            self._await_final_reply()
        elif result["end"] == DEADLINE:
            raise self._deadline.broken()
        elif result["end"] != MAX_BYTES:
            raise Broken(
                result["end"], f"the transfer ended after {result['bytes']} bytes: {result['end']}"
            )

    def _await_final_reply(self) -> None:
        self._enter("final_reply")
        if self.seen["final"] is None:
            reply = self._talk().answer()
            self.seen["final"] = {"code": reply.code, "text": str(reply)}

    def _examine(self) -> None:
        """After all: is the control connection alive, and what did the server say meanwhile?"""
        control = self._control
        if control is None:
            return
        transfer = self.seen["transfer"]
        if transfer is not None and transfer["end"] != EOF:
            # What the server says about an aborted transfer comes at once or not at all.
            try:
                reply = control.reply(2.0)
                self.seen["final"] = {"code": reply.code, "text": str(reply)}
            except Broken:
                pass
        failure = self.seen["failure"]
        dead = failure is not None and failure["kind"] in ("closed", "deadline")
        # After a failed data connection each passive try has asked already; a server that waits for
        # its own active connection does not answer.
        if not dead and transfer is not None:
            self.seen["control"] = control.health()
        self.seen["control_wire"] = self._control_watch()
        self.seen["control_log"] = control.log

    def _talk(self) -> Control:
        if self._control is None:
            raise AssertionError("no phase talks before the control connection stands")
        return self._control

    def _data_opener(self) -> DataOpener:
        if self._opener is None:
            raise AssertionError("no phase opens data before the control connection stands")
        return self._opener

    def close(self) -> None:
        self.seen["attempts"] = [attempt.as_dict() for attempt in self.seen["attempts"]]
        if self._control is not None:
            self._control.quit()
        self._wire.close()
