# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Ansible's module interface meets our code: all input errors at once, exceptions become
C(fail_json)."""

from __future__ import annotations

from typing import Any, Callable, Dict, NoReturn, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
    TimesensorError,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._spec_messages import (
    spec_problems,
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
        result: Any = getattr(self, "validation_result", None)
        if self._input_accepted or result is None or not result.errors:
            self._leave(msg, kwargs)
        self._input_accepted = True
        problems = list(self._input_check(self.params))
        told = {problem.where.split(" ")[0].rstrip(",") for problem in problems}
        told |= {option for option in self._checked_options if option.rstrip("s") in told}
        ours = [
            problem
            for message in result.error_messages
            for problem in spec_problems(message, self._checked_options, told)
        ]
        self._fail_input(ours + problems)

    def _fail_input(self, problems: Sequence[Problem]) -> NoReturn:
        error = InputError(problems)
        self._leave(error.message, error.details)

    def _leave(self, msg: str, details: Dict[str, Any]) -> NoReturn:
        super().fail_json(msg, **details)
        raise AssertionError("fail_json ends the process")  # for type checkers


def run_module(module: AnsibleModule, body: Callable[[], Dict[str, Any]]) -> None:
    """Run `body` and leave with its result, or with the message and details of our exception.

    The result's C(warnings) go through Ansible, which shows them and puts them back.
    """
    try:
        result = body()
    except TimesensorError as error:
        module.fail_json(error.message, **error.details)
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)
