# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specifications and the way from a module's parameters to its result."""

from __future__ import annotations

from typing import Any, Mapping

from .engine import not_probed, probe_parsed
from .listener import service
from .listener.options import (
    DEFAULT_NAME,
    DEFAULT_TTL,
    QUERIED,
    STARTED,
    STATES,
    STOPPED,
    parse_settings,
)
from .target import AUTO, FAMILIES, PROTOCOLS, SERVICES, TCP, parse_targets, parse_timeout


def probe_argument_spec() -> dict[str, Any]:
    """Return the options of flow_probe."""
    return {
        "targets": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "id": {"type": "str", "required": True},
                "host": {"type": "str"},
                "port": {"type": "int", "required": True},
                "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": TCP},
                "service": {"type": "str", "choices": list(SERVICES), "default": "none"},
                "token": {"type": "str", "no_log": True},
                "tls_pin": {"type": "str"},
                "interface": {"type": "str"},
            },
        },
        "timeout": {"type": "float", "default": 5},
        "family": {"type": "str", "choices": list(FAMILIES), "default": AUTO},
    }


def listener_argument_spec() -> dict[str, Any]:
    """Return the options of flow_listener."""
    return {
        "name": {"type": "str", "default": DEFAULT_NAME},
        "state": {"type": "str", "choices": list(STATES), "default": STARTED},
        "listeners": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str", "required": True},
                "address": {"type": "str", "default": ""},
                "port": {"type": "int", "required": True},
                "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": TCP},
            },
        },
        "peers": {"type": "list", "elements": "str", "default": []},
        "ttl": {"type": "int", "default": DEFAULT_TTL},
        "token": {"type": "str", "no_log": True},
    }


def run_probe(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Return the result of flow_probe. Raises `InputError`."""
    targets = parse_targets(params["targets"], params["family"])
    if check_mode:
        return {"changed": False, "skipped": True, "results": not_probed(targets)}
    results = probe_parsed(targets, parse_timeout(params["timeout"]), params["family"])
    return {"changed": False, "results": results}


def run_listener(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Return the result of flow_listener. Raises `TimesensorError`."""
    settings = parse_settings(params)
    if params["state"] == STOPPED:
        return service.stop(settings.name, check_mode)
    if params["state"] == QUERIED:
        return service.query(settings.name)
    return service.start(settings, check_mode)
