# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Ansible's module interface meets our code: all input errors at once, exceptions become
C(fail_json)."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterator, NoReturn, Sequence

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
            for problem in _spec_problems(message, self._checked_options, told)
        ]
        self._fail_input(ours + problems)

    def _fail_input(self, problems: Sequence[Problem]) -> NoReturn:
        error = InputError(problems)
        self._leave(error.message, error.details)

    def _leave(self, msg: str, details: Dict[str, Any]) -> NoReturn:
        super().fail_json(msg, **details)
        raise AssertionError("fail_json ends the process")  # for type checkers


def _spec_problems(message: str, checked: Sequence[str], told: set[str]) -> Iterator[Problem]:
    """Turn a message of Ansible's specification into problems, without what our check tells better.

    `checked` are the list options whose items our check reads; `told` the options it has told of.
    """
    unknown = re.match(r"(.*)\. Supported parameters include: (.*)\.$", message)
    if unknown is None:
        # Ansible drops an item of the wrong type before our check can see it, and does not name an
        # option that should be a mapping.
        dropped = message.startswith("Elements value for option")
        nameless = message.startswith("dictionary requested")
        known = any(re.search(rf"\b{re.escape(option)}\b", message) for option in told)
        if dropped or not (known or (nameless and told)):
            yield Problem("options", message)
        return
    for name in unknown.group(1).split(", "):
        if name.split(".")[0] not in checked:
            yield Problem(name, "unknown option")


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
