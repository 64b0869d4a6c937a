# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of a download: when it goes on looking, and when it gives up."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_job import Job, Look, follow

STATUS = 'legalops-ftp_path:status\n{"bytes": 5}\n'
RESULT = 'legalops-ftp_path:result\n{"changed": false}\n'
DEAD = "legalops-ftp_path:dead\n"
CUT = ""  # no connection


class Script:
    """A host that prints one text after the other, the last one again and again; 1 s per look."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.now = 0.0
        self.updates: list[dict[str, Any]] = []

    def execute(self, _command: str) -> str:
        self.now += 1.0
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        if text == CUT:
            raise AnsibleConnectionFailure("connection closed")
        return text

    def follow(self, looks: int = 100) -> Look:
        job = Job({"directory": "/tmp/x", "pid": 1}, self.execute)
        left = iter(range(looks))

        def wanted() -> bool:
            return next(left, None) is not None

        return follow(job, self.updates.append, wanted, lambda: self.now, self._pause)

    def _pause(self, seconds: float) -> None:
        self.now += seconds


def test_a_connection_that_breaks_does_not_end_the_download() -> None:
    host = Script(STATUS, CUT, CUT, CUT, CUT, STATUS, RESULT)
    assert host.follow() == Look("result", {"changed": False})
    assert host.updates == [{"bytes": 5}, {"bytes": 5}]


def test_a_host_that_stays_away_is_given_up_before_the_job_ends_by_itself() -> None:
    host = Script(STATUS, CUT)
    assert host.follow() == Look("lost", {"msg": "connection closed"})
    assert 15 < host.now < 20


def test_a_job_that_died_is_given_up() -> None:
    assert Script(DEAD, DEAD, STATUS, DEAD).follow().kind == "dead"


def test_nobody_waits_any_more() -> None:
    assert Script(STATUS).follow(looks=3).kind == "status"


def test_cleaning_up_a_host_that_is_gone_hides_no_error() -> None:
    Job({"directory": "/tmp/x", "pid": 1}, Script(CUT).execute).clean_up()
