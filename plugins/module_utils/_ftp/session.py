# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with the server: its control connection, the steps to a login, and the size of a file.

The download has one, and each experiment after a failure has one of its own.
"""

from __future__ import annotations

import re
import socket
from typing import Optional, Tuple

from .broken import REPLY, Broken, Deadline
from .control import Control
from .data import DataOpener
from .options import Options
from .reply import size_of
from .wire import Watch, Wire

_MLST_SIZE = re.compile(r"(?:^|[;\s])size=(\d{1,19});", re.IGNORECASE)
_UNKNOWN_COMMAND = (500, 501, 502, 504)


class Session:
    """What is done over one control connection. `watch` tells what the wire has shown of it.

    Each step raises `Broken`.
    """

    def __init__(
        self,
        sock: socket.socket,
        watch: Watch,
        options: Options,
        wire: Wire,
        deadline: Deadline,
        reply_timeout: Optional[float] = None,
    ) -> None:
        self.watch = watch
        self.control = Control(sock, reply_timeout or options.reply_timeout, deadline)
        self.opener = DataOpener(self.control, wire, options.connect_timeout, deadline)
        self._options = options

    def greet(self) -> None:
        reply = self.control.answer()
        if reply.kind != 2:
            raise Broken(REPLY, f"the server greets with {reply}", reply=reply)

    def log_in(self) -> None:
        control, options = self.control, self._options
        reply = control.expect("USER", options.user, kinds="23")
        if reply.kind == 3:
            password = options.password or ("anonymous@" if options.user == "anonymous" else "")
            control.expect("PASS", password, secret=True)

    def set_binary(self) -> None:
        self.control.expect("TYPE", "I")

    def size(self) -> Tuple[Optional[int], str]:
        """Return the size of the file, None when the server does not tell, and the command that
        told it.
        """
        reply = self.control.command("SIZE", self._options.path)
        size = size_of(reply)
        if size is not None or reply.code not in _UNKNOWN_COMMAND:
            return size, "SIZE"
        answer = self.control.command("MLST", self._options.path)
        match = _MLST_SIZE.search(answer.text) if answer.kind == 2 else None
        return (int(match.group(1)) if match else None), "MLST"
