#!/usr/bin/python
# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_policy_info
short_description: Hold one firewall policy against the live rules
version_added: 0.1.0
description:
  - Takes the arguments of M(legalops.timesensor.firewall_policy) and changes nothing.
  - Reads the kernel, never a tool's own memory.
author:
  - legalops.timesensor contributors (@legalops)
requirements:
  - nft and unshare on the target
attributes:
  check_mode:
    support: full
    description: Changes nothing in any mode.
  diff_mode:
    support: none
    description: Returns details on what has changed, or possibly needs changing, in check mode.
  platform:
    support: full
    platforms: linux
    description: Target platform.
extends_documentation_fragment:
  - legalops.timesensor.policy
"""

EXAMPLES = r"""
- name: Audit the policy
  legalops.timesensor.firewall_policy_info:
    name: classic
    flows:
      - id: update_ftp
        direction: outbound
        protocol: tcp
        ports: [21]
        service: ftp
"""

RETURN = r"""
backend:
  description: What enforces the policy.
  type: str
  returned: success
  sample: nftables
flows:
  description:
    - One entry for each flow, with C(flow) (its id), C(state) (V(present), V(missing), V(differs)
      or V(overridden)) and C(foreign).
    - C(foreign) lists rules of others that override the flow, with C(family), C(table), C(chain),
      C(handle) (0 is the chain's policy) and C(effect) (V(all) or V(some) of its packets).
  type: list
  elements: dict
  returned: success
policies:
  description: The names of all policies that the host keeps.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.legalops.timesensor.plugins.module_utils._argspec import (
    policy_argument_spec,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.policy import (
    policy_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._module import (
    CheckedModule,
    run_module,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._transaction.engine import (
    audit_policy,
)


def main() -> None:
    """Run the module."""
    module = CheckedModule(
        argument_spec=policy_argument_spec(),
        supports_check_mode=True,
        input_check=policy_problems,
        checked_options=("flows", "interfaces", "management"),
    )
    run_module(module, lambda: audit_policy(module.params))


if __name__ == "__main__":
    main()
