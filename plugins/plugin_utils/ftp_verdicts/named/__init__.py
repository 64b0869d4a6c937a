# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One verdict per file. To add one, add a file; nothing else changes.

A file has C(RANK), an int, and C(applies(seen: Seen) -> Verdict | None). The lowest rank that
applies wins: 10-29 name and control connection, 30-49 what the server refused, 50-69 the data
connection, 70-89 what happened to the bytes, 90-109 what came after them, 110-119 limits of the
user, 200 and above ok, and what can only be said when nothing else can.
"""
