# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ftp_path does between its arguments and its result."""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.common.parameters import remove_values

from . import job
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


def run_ftp_path(params: Dict[str, Any], check_mode: bool, secrets: Any) -> Dict[str, Any]:
    """Measure and return C(observation), or C(job) when the download goes on in the background.

    `secrets` are the values that no output may hold. Raises `InputError`.
    """
    options = parse_options(params)
    if check_mode:
        return dict(NOTHING_SENT)
    if not params.get("background"):
        return {"changed": False, "observation": measure(options)}

    def finish(result: Dict[str, Any]) -> Dict[str, Any]:
        whole = result if result.get("failed") else {"changed": False, "observation": result}
        cleaned: Dict[str, Any] = remove_values(whole, secrets)
        return cleaned

    return {"changed": False, "job": job.start(options, measure, finish)}
