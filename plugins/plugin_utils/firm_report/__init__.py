# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on one firm: evidence documents in, one HTML page and one JUnit file out.

C(documents) reads what was written, C(model) says what the page shows, C(curve) is the geometry of
a throughput curve, C(words) holds every word of the page, one file per language. C(html) and
C(junit) write. Nothing here reads or writes a file of the user; the evidence stays the source.
"""
