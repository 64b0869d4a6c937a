# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the other kind of data connection carry the file where the wanted one does not?"""

from __future__ import annotations

from typing import Any, Dict

from ..data import ACTIVE, EPSV, PASV
from ..trial import Change, Ground

# PASV does not exist on IPv6, and what is tried by itself (auto) has tried both.
_OTHER = {EPSV: PASV, PASV: EPSV, ACTIVE: EPSV}


def wanted(seen: Dict[str, Any]) -> bool:
    other = _OTHER.get(seen["wanted_mode"])
    return seen["phase"] == "data" and other is not None and _exists(other, seen)


def _exists(mode: str, seen: Dict[str, Any]) -> bool:
    return mode != PASV or seen["family"] == "ipv4"


def run(ground: Ground, seen: Dict[str, Any]) -> Dict[str, Any]:
    return ground.trial(Change(_OTHER[seen["wanted_mode"]]))
