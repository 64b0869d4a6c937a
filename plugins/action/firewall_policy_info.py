# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picks the module C(firewall_policy_info) that fits the host. See C(plugin_utils/dispatch.py)."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.plugin_utils.dispatch import DispatchingAction


class ActionModule(DispatchingAction):
    """C(legalops.timesensor.firewall_policy_info) on every host."""

    public_name = "firewall_policy_info"
