# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that a host keeps: one JSON file each, the source of the union and of what a reboot
restores."""

from __future__ import annotations

import ipaddress
import json
import os
from typing import Any

from .._model.errors import InputError, TimesensorError
from .._model.policy import Policy, parse_policy
from .paths import POLICY_DIR, VOLATILE_DIR

_SCHEMA = 1


def policy_path(policy: Policy) -> str:
    """Return where the policy is kept: apart from the others when a reboot must not restore it."""
    kept, volatile = policy_paths(policy.name)
    return kept if policy.persist else volatile


def policy_paths(name: str) -> tuple[str, str]:
    """Return both places where a policy of that name can be kept."""
    return f"{POLICY_DIR}/{name}.json", f"{VOLATILE_DIR}/{name}.json"


def encode(policy: Policy) -> bytes:
    """Return the file of a policy. Names keep the addresses that they had: a reboot asks no DNS."""
    document = {
        "schema": _SCHEMA,
        "policy": policy.as_dict(),
        "resolved": policy.resolved,
        "resolvers": [str(network) for network in policy.resolvers],
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def decode(text: bytes, path: str) -> Policy:
    """Read the file of a policy. Raises `TimesensorError` that names the file when it is
    damaged."""
    try:
        document: dict[str, Any] = json.loads(text.decode())
        if document["schema"] != _SCHEMA:
            raise ValueError(f"schema {document['schema']} is not {_SCHEMA}")
        policy = parse_policy(document["policy"])
        resolved = {
            name: [ipaddress.ip_network(item) for item in addresses]
            for name, addresses in document["resolved"].items()
        }
        resolvers = tuple(ipaddress.ip_network(item) for item in document["resolvers"])
        if os.path.basename(path) != f"{policy.name}.json":
            raise ValueError(f"it holds the policy {policy.name}")
        return policy.with_facts(resolved, policy.management, resolvers)
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise TimesensorError(
            f"{path} is damaged ({error}); nothing was changed. Remove the file, apply its policy"
            " again."
        ) from error


def load_all() -> list[Policy]:
    """Return the host's policies in the order of their names.

    A run that was killed while a policy changed its place leaves it in both: either is whole, and
    the next run of that policy removes one.
    """
    policies = {}
    for directory in (VOLATILE_DIR, POLICY_DIR):
        for path in _policy_files(directory):
            try:
                with open(path, "rb") as stream:
                    text = stream.read()
            except OSError as error:
                raise TimesensorError(
                    f"{path} cannot be read: {error.strerror}. Nothing was changed."
                ) from error
            policy = decode(text, path)
            policies[policy.name] = policy
    return [policies[name] for name in sorted(policies)]


def _policy_files(directory: str) -> list[str]:
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    return [os.path.join(directory, name) for name in names if name.endswith(".json")]
