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
C(experiments) - what was tried after a failure to find its cause, see `experiments`;
C(limits) - the options that can turn a good transfer into a bad one; C(phases_ms), C(tcp),
C(control_log).
"""

from __future__ import annotations

import socket
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from .broken import DEADLINE, UNREACHABLE, Broken, Deadline
from .data import ACTIVE, Attempt
from .experiments import run_experiments
from .opening import Opened, Opening
from .options import Options
from .reply import opening_size
from .session import Session
from .tcp_info import scales_windows, tcp_info
from .transfer import EOF, MAX_BYTES, Limits, receive
from .trial import Ground
from .verifier import make_verifier
from .wire import Wire, WireBroken, resolve

SCHEMA = "legalops.timesensor/ftp-observation/1"

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
        self._wire = Wire()
        self._session: Optional[Session] = None
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
            "experiments": [],
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
        self._experiment()

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
            self._use(Session(sock, watch, options, self._wire, self._deadline))
            return
        # The most telling one: an address of a family that this host has no way to, as IPv6 often,
        # says nothing about the path to the others.
        raise min(failures, key=lambda broken: broken.kind == UNREACHABLE)

    def _use(self, session: Session) -> None:
        self._session = session
        self.seen["address"] = session.opener.peer[0]
        self.seen["family"] = "ipv6" if session.opener.family == socket.AF_INET6 else "ipv4"

    def _greet(self) -> None:
        self._talk().greet()

    def _log_in(self) -> None:
        self._talk().log_in()

    def _prepare(self) -> None:
        session = self._talk()
        session.set_binary()
        self._learn_size(*session.size())

    def _learn_size(self, size: Optional[int], source: str) -> None:
        if size is None:
            return
        if self.seen["size_on_server"] is None:
            self.seen["size_on_server"] = size
        if self.seen["size"] is None:
            self.seen["size"], self.seen["size_source"] = size, source

    def _download(self) -> None:
        attempts: List[Attempt] = self.seen["attempts"]
        opening = Opening(self._talk(), self._options.path, attempts, self._connected)
        with opening.open(self._options.mode) as opened:
            if opened.reply.kind == 2:
                self.seen["final"] = {"code": opened.reply.code, "text": str(opened.reply)}
            self._learn_size(opening_size(opened.reply), "150")
            self._transfer(opened)

    def _connected(self, attempt: Attempt) -> None:
        self.seen["mode"] = attempt.mode
        if attempt.mode == ACTIVE:
            self.seen["data_source_port"] = attempt.source_port
        self._enter("retrieve")

    def _transfer(self, opened: Opened) -> None:
        options, size, sock = self._options, self.seen["size"], opened.sock
        self._enter("transfer")
        verifier = make_verifier(options.verify, options.seed, options.digest)
        # A server with another, larger file than expected is to be told from a path that adds
        # bytes.
        largest = max(size, self.seen["size_on_server"] or 0) if size is not None else None
        limits = Limits(options.stall_timeout, options.max_bytes, self._deadline.end, largest)

        control = self._talk().control
        told_at = 0 if self.seen["final"] is not None else None

        def progress(got: int, seconds: float) -> None:
            nonlocal told_at
            self._report(got, size, seconds)
            # A server that says it is done while little has come here talks to a proxy.
            if told_at is None and control.has_news():
                told_at = got

        result = receive(sock, verifier, limits, opened.started, progress)
        self._report(result["bytes"], size, result["seconds"])
        self.seen["transfer"] = {**result, "bytes_at_reply": told_at}
        self.seen["tcp"] = {**tcp_info(sock), "wscale_wanted": scales_windows()}
        self.seen["data_wire"] = opened.watch()
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
            reply = self._talk().control.answer()
            self.seen["final"] = {"code": reply.code, "text": str(reply)}

    def _examine(self) -> None:
        """After all: is the control connection alive, and what did the server say meanwhile?"""
        if self._session is None:
            return
        control = self._session.control
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
        self.seen["control_wire"] = self._session.watch()
        self.seen["control_log"] = control.log

    def _experiment(self) -> None:
        """After a failure: find what tells its cause from others that look alike."""
        failure = self.seen["failure"]
        if failure is None or self._session is None or not self._options.diagnose:
            return
        if failure["kind"] != DEADLINE:
            opener = self._session.opener
            ground = Ground(self._options, self._wire, self._deadline, (opener.family, opener.peer))
            self.seen["experiments"] = run_experiments(ground, self.seen)

    def _talk(self) -> Session:
        if self._session is None:
            raise AssertionError("no phase talks before the control connection stands")
        return self._session

    def close(self) -> None:
        self.seen["attempts"] = [attempt.as_dict() for attempt in self.seen["attempts"]]
        if self._session is not None:
            self._session.control.quit()
        self._wire.close()
