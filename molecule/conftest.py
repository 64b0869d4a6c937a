# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A skipped test has proved nothing, and no list of permitted skips is read here: it fails."""

from __future__ import annotations

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which anything was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    for report in skipped:
        reporter.write_line(f"skipped, which proves nothing, so the run fails: {report.nodeid}")
    if skipped and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
