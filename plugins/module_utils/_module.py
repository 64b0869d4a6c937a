# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Ansible's module interface meets our code: all input errors at once, exceptions become
C(fail_json)."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, NoReturn, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
    TimesensorError,
)

InputCheck = Callable[[Dict[str, Any]], Sequence[Problem]]


class CheckedModule(AnsibleModule):  # type: ignore[misc]
    """An C(AnsibleModule) that reports every input error in one message.

    Ansible's own specification stops at its first message and cannot name a flow or a target by its
    id. `input_check` gets the raw or converted parameters, must cope with any of them being wrong,
    and returns all problems it finds. For the list options named in `checked_options` its findings
    replace Ansible's.
    """

    def __init__(
        self, *, input_check: InputCheck, checked_options: Sequence[str] = (), **kwargs: Any
    ) -> None:
        self._input_check = input_check
        self._checked_options = checked_options
        self._input_accepted = False
        super().__init__(**kwargs)
        problems = self._input_check(self.params)
        if problems:
            self._fail_input(problems)
        self._input_accepted = True

    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn:
        """Fail; while Ansible still validates the input, with all problems rather than with the
        first."""
        result = getattr(self, "validation_result", None)
        if self._input_accepted or result is None or not result.errors:
            super().fail_json(msg, **kwargs)
        self._input_accepted = True
        problems = list(self._input_check(self.params))
        checked = {problem.where.split(" ")[0] for problem in problems}
        spec_problems = [
            Problem("options", message)
            for message in result.error_messages
            if not self._is_covered(message, checked)
        ]
        self._fail_input(spec_problems + problems)

    def _is_covered(self, message: str, checked: set[str]) -> bool:
        """Tell whether our own check has said the same of a list option, with the id of the
        item."""
        return any(
            option.rstrip("s") in checked and re.search(rf"\b{re.escape(option)}\b", message)
            for option in self._checked_options
        )

    def _fail_input(self, problems: Sequence[Problem]) -> NoReturn:
        error = InputError(problems)
        super().fail_json(error.message, **error.details)


def run_module(module: AnsibleModule, body: Callable[[], dict[str, Any]]) -> NoReturn:
    """Run `body` and leave with its result; an exception of ours becomes a failure with its
    details."""
    try:
        result = body()
    except TimesensorError as error:
        module.fail_json(error.message, **error.details)
    module.exit_json(**result)
