# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One public name for two modules: a task runs the Python module on Linux and its PowerShell
sibling on Windows.

A module that exists as C(.py) and C(.ps1) under one name does not work: on POSIX hosts Ansible
would run the C(.ps1). So the sibling is called C(win_<name>), and an action plugin of the public
name picks by the connection's shell.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import module_loader

COLLECTION = "legalops.timesensor"
_WINDOWS_SHELLS = ("powershell", "cmd")


class DispatchingAction(ActionBase):  # type: ignore[misc]
    """Base of the action plugins. A subclass sets `public_name`, and may override `run_module` to
    do more around the call, on the controller."""

    public_name: ClassVar[str]
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run the module that fits the host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self.run_module(task_vars or {}))
        return result

    def run_module(self, task_vars: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        """Run the module once and return its result. `arguments` override the task's own.

        Raises `AnsibleActionFail` on a Windows host while the sibling is not written.
        """
        found: dict[str, Any] = self._execute_module(
            module_name=self.module_name(),
            module_args={**self._task.args, **arguments},
            task_vars=task_vars,
            wrap_async=bool(self._task.async_val) and not self._connection.has_native_async,
        )
        return found

    def module_name(self) -> str:
        """Return the full name of the module for this host."""
        if not self.is_windows():
            return f"{COLLECTION}.{self.public_name}"
        name = f"{COLLECTION}.win_{self.public_name}"
        if not module_loader.has_plugin(name):
            raise AnsibleActionFail(
                f"{COLLECTION}.{self.public_name} is not there yet for Windows hosts: this release"
                f" has no module {name}. Nothing was done on the host."
            )
        return name

    def is_windows(self) -> bool:
        """Tell whether the connection speaks to a Windows shell."""
        family = getattr(self._connection._shell, "SHELL_FAMILY", "")
        return family in _WINDOWS_SHELLS
