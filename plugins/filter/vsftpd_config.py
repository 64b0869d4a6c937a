# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: vsftpd_config
short_description: Configuration of the update server
version_added: 0.1.0
author:
  - legalops.timesensor contributors (@legalops)
description:
  - >-
    Makes the text of C(vsftpd.conf) for the role P(legalops.timesensor.update_server#role), and
    refuses wrong variables, all of them at once.
options:
  _input:
    description: The variables of the role without their prefix.
    type: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ settings | legalops.timesensor.vsftpd_config }}"
"""

RETURN = r"""
_value:
  description: The configuration.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.filters import reporting
from ansible_collections.legalops.timesensor.plugins.plugin_utils.update_server import vsftpd_config


class FilterModule:
    """Offers the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"vsftpd_config": reporting(vsftpd_config)}
