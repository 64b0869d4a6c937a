# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(ftp_path): starts the module's download in the background, shows its progress, and judges
what it observed.
"""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.utils.display import Display

from ansible_collections.legalops.timesensor.plugins.plugin_utils.dispatch import DispatchingAction
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_job import (
    LOST,
    RESULT,
    Job,
    follow,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_progress import Progress
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import (
    result_of,
)

_OFF = ("off", "no", "false", "0")

display = Display()


class ActionModule(DispatchingAction):
    """C(legalops.timesensor.ftp_path) on every host."""

    public_name = "ftp_path"
    # The result of an asynchronous run would reach nobody who can judge it.
    _supports_async = False

    def run_module(self, task_vars: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        """Run the module and return the verdict in place of its observation."""
        shown = _progress_wanted(task_vars) and not self.is_windows()
        result = super().run_module(task_vars, **arguments, background=shown)
        job = result.pop("job", None)
        if job is not None:
            result.update(self._follow(job, task_vars))
        observation = result.pop("observation", None)
        if observation is not None:
            result.update(result_of(observation))
        return result

    def _follow(self, job: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Look at the job until its result is there."""
        found = Job(job, self._execute_text)
        name = task_vars.get("inventory_hostname", "")
        server = self._task.args.get("host", "")
        progress = Progress(str(name), str(server), display.display)
        # A worker of Ansible has a session of its own and outlives a play that is killed: nobody
        # would see the result.
        parent = os.getppid()
        try:
            look = follow(found, progress.update, lambda: os.getppid() == parent)
        finally:
            found.clean_up()
        if look.kind == RESULT:
            return look.content
        if look.kind == LOST:
            raise AnsibleConnectionFailure(look.content["msg"])
        message = (
            f"The download on {name} ended without a result: its process was stopped from outside,"
            " or its directory was removed. Nothing was changed; run it again, or set"
            " timesensor_progress=off to run it in the foreground."
        )
        return {"failed": True, "msg": message}

    def _execute_text(self, command: str) -> str:
        return str(self._low_level_execute_command(command, sudoable=True).get("stdout", ""))


def _progress_wanted(task_vars: dict[str, Any]) -> bool:
    value = task_vars.get("timesensor_progress", os.environ.get("TIMESENSOR_PROGRESS", "on"))
    return value is not False and str(value).lower() not in _OFF
