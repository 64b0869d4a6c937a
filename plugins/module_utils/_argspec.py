# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specification that firewall_policy and firewall_policy_info share."""

from __future__ import annotations

from typing import Any

from ._model.flow import ACTIONS, ALLOW, DIRECTIONS, PROTOCOLS, SCOPES, UNICAST
from ._model.policy import (
    AUTO,
    BACKENDS,
    DEFAULTS,
    ENFORCEMENTS,
    HOST,
    OPTIONAL_BASELINE,
    UNTOUCHED,
)


def _strings() -> dict[str, Any]:
    return {"type": "list", "elements": "str", "default": []}


def _choice(choices: tuple[str, ...], default: str) -> dict[str, Any]:
    return {"type": "str", "choices": list(choices), "default": default}


def policy_argument_spec() -> dict[str, Any]:
    """Return the options that describe a policy."""
    flow = {
        "id": {"type": "str", "required": True},
        "direction": {"type": "str", "choices": list(DIRECTIONS), "required": True},
        "protocol": {"type": "str", "choices": list(PROTOCOLS), "required": True},
        "ports": {"type": "list", "elements": "str", "required": True},
        "peers": _strings(),
        "hosts": _strings(),
        "service": {"type": "str", "default": ""},
        "purpose": {"type": "str", "default": ""},
        "impact": {"type": "str", "default": ""},
        "scope": _choice(SCOPES, UNICAST),
        "action": _choice(ACTIONS, ALLOW),
    }
    return {
        "name": {"type": "str", "required": True},
        "flows": {"type": "list", "elements": "dict", "default": [], "options": flow},
        "enforcement": _choice(ENFORCEMENTS, HOST),
        "backend": _choice(BACKENDS, AUTO),
        "interfaces": {
            "type": "dict",
            "default": {},
            "options": {"inside": _strings(), "outside": _strings()},
        },
        "default_egress": _choice(DEFAULTS, UNTOUCHED),
        "default_ingress": _choice(DEFAULTS, UNTOUCHED),
        "baseline": {
            "type": "list",
            "elements": "str",
            "choices": list(OPTIONAL_BASELINE),
            "default": list(OPTIONAL_BASELINE),
        },
        "management": {"type": "raw", "default": AUTO},
        "confirm_timeout": {"type": "int", "default": 0},
        "persist": {"type": "bool", "default": True},
    }
