# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services count as the machine's own, from what systemctl of Debian 13 printed."""

from __future__ import annotations

from lab.machine import services_at_boot

# systemctl list-unit-files --type=service --plain --no-legend --full
UNIT_FILES = """\
autovt@.service                              alias           -
cron.service                                 enabled         enabled
dbus-org.freedesktop.hostname1.service       alias           -
e2scrub_reap.service                         enabled         enabled
getty@.service                               enabled         enabled
logrotate.service                            static          -
nftables.service                             disabled        enabled
systemd-hostnamed.service                    static          -
systemd-remount-fs.service                   enabled-runtime enabled
systemd-resolved.service                     masked          enabled
""".splitlines()
# systemctl list-units --all --type=service --plain --no-legend --full (descriptions cut)
UNITS = """\
console-getty.service                       loaded    failed   failed  Console Getty
cron.service                                loaded    active   running Regular background program
e2scrub_reap.service                        loaded    inactive dead    Remove Stale Snapshots
getty@tty1.service                          loaded    active   running Getty on tty1
logrotate.service                           loaded    inactive dead    Rotate log files
plymouth-start.service                      not-found inactive dead    plymouth-start.service
systemd-hostnamed.service                   loaded    inactive dead    Hostname Service
systemd-remount-fs.service                  loaded    active   exited  Remount Root
""".splitlines()
OWN = (
    "cron.service active",
    "e2scrub_reap.service inactive",
    "getty@tty1.service active",
    "systemd-remount-fs.service active",
)


def test_services_that_start_at_boot_with_their_state() -> None:
    assert services_at_boot(UNIT_FILES, UNITS) == OWN


def test_what_a_timer_or_dbus_starts_for_a_while_does_not_count() -> None:
    lines = [
        line.replace("inactive dead   ", "active   running")
        if line.startswith(("logrotate", "systemd-hostnamed"))
        else line
        for line in UNITS
    ]
    assert lines != UNITS
    assert services_at_boot(UNIT_FILES, lines) == OWN


def test_one_that_systemd_restarts_is_active_and_one_that_was_stopped_is_not() -> None:
    restarted = [line.replace("active   running", "activating auto-restart") for line in UNITS]
    assert services_at_boot(UNIT_FILES, restarted) == OWN
    stopped = [line.replace("active   running", "inactive dead") for line in UNITS]
    assert "cron.service inactive" in services_at_boot(UNIT_FILES, stopped)
