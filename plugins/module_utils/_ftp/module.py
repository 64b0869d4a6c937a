# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ftp_path does between its arguments and its result."""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from . import job
from .masking import hide
from .measure import measure
from .options import parse_options

NOTHING_SENT = {
    "changed": False,
    "skipped": True,
    "ok": False,
    "verdict": "not_probed",
    "status": "none",
    "verified": False,
    "confidence": "high",
    "evidence": [],
    "fix": "",
    "msg": "check mode: nothing was sent",
}


def run_ftp_path(module: AnsibleModule) -> Dict[str, Any]:
    """Measure and return C(observation), or C(job) when the download goes on in the background.

    Raises `InputError`.
    """
    options = parse_options(module.params)
    if module.check_mode:
        return dict(NOTHING_SENT)
    secrets = frozenset(module.no_log_values)

    def finish(result: Dict[str, Any]) -> Dict[str, Any]:
        whole = result if result.get("failed") else {"changed": False, "observation": result}
        hidden: Dict[str, Any] = hide(whole, secrets)
        return hidden

    if module.params.get("background"):
        result = {"changed": False, "job": job.start(options, measure, finish)}
    else:
        result = finish(measure(options))
    result["invocation"] = {"module_args": remove_values(module.params, secrets)}
    # Ansible would mask the password wherever its characters stand: with "ftp" or "1" also in our
    # own words and numbers, from which the verdict is made, and in the name of the job's directory.
    module.no_log_values.clear()
    return result
