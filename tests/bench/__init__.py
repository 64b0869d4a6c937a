# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks against what people use otherwise, in hosts of the lab: `make bench`.

One file per measurement; `figures` is the arithmetic, `report` the table and the JSON file.
"""
