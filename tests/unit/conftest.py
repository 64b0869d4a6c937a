# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab and the tools are found.

Also under ansible-test, which does not read pyproject.toml.
"""

from __future__ import annotations

import sys
from pathlib import Path

_TREE = Path(__file__).resolve().parents[2]
sys.path += [str(_TREE / "tests"), str(_TREE / "tools")]
