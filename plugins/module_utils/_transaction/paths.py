# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where our state lives on a managed host. Everything here is gone after the last policy is
removed."""

from __future__ import annotations

STATE_DIR = "/var/lib/legalops_timesensor"
POLICY_DIR = f"{STATE_DIR}/policies"
# Policies that a reboot must not bring back: gone with the kernel's rules, as the whole of /run is.
VOLATILE_DIR = "/run/legalops_timesensor"
CREATED_DIRS = f"{STATE_DIR}/created_dirs"
RESTORE_PROGRAM = f"{STATE_DIR}/restore.pyz"
LOCK_FILE = "/run/legalops_timesensor.lock"
UNIT_NAME = "legalops-timesensor-firewall.service"
UNIT_DIR = "/etc/systemd/system"
UNIT_FILE = f"{UNIT_DIR}/{UNIT_NAME}"
UNIT_LINKS = (
    f"{UNIT_DIR}/sysinit.target.wants/{UNIT_NAME}",
    f"{UNIT_DIR}/nftables.service.wants/{UNIT_NAME}",
)

# Ours alone, a directory before the one that holds it.
OWN_DIRS = (POLICY_DIR, STATE_DIR, VOLATILE_DIR)
# Every directory in which we write.
WRITTEN_DIRS = (*OWN_DIRS, UNIT_DIR, *(link.rsplit("/", 1)[0] for link in UNIT_LINKS))
