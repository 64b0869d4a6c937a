#!/usr/bin/python
# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_policy
short_description: Apply one firewall policy, whole, in one transaction
version_added: 0.1.0
description:
  - Ensures every flow of a policy on a host or on a gateway, in one call and one nftables
    transaction.
  - Owns the table C(inet legalops_timesensor). Where a rule or chain policy of an admin's own nft
    table stops a flow, one chain and one jump directly before it are added; no foreign rule, set or
    order changes.
  - Several policies live on one host; each is removed without disturbing the others.
author:
  - legalops.timesensor contributors (@legalops)
requirements:
  - nft and unshare on the target
attributes:
  check_mode:
    support: full
    description: Predicts exactly what a run without check mode does.
  diff_mode:
    support: full
    description: Returns details on what has changed, or possibly needs changing, in check mode.
  platform:
    support: full
    platforms: linux
    description: Target platform.
extends_documentation_fragment:
  - legalops.timesensor.policy
options:
  probe:
    description:
      - Targets of M(legalops.timesensor.flow_probe) that the policy must not cut off.
      - A target that is open before and not open after the change takes the policy back, and the
        task fails. One that was down before does not.
    type: list
    elements: dict
    default: []
  state:
    description: >-
      Whether the policy is on the host. V(absent) takes away what is ours and nothing else.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Ensure that updates can be downloaded, through a gateway that drops what it does not know
  legalops.timesensor.firewall_policy:
    name: classic
    enforcement: gateway
    interfaces:
      inside: [lan0]
      outside: [wan0]
    flows:
      - id: update_ftp
        direction: outbound
        protocol: tcp
        ports: [21]
        service: ftp

- name: Take the policy back
  legalops.timesensor.firewall_policy:
    name: classic
    state: absent
"""

RETURN = r"""
backend:
  description: What enforces the policy.
  type: str
  returned: success
  sample: nftables
rules:
  description: The rules of all policies on the host as the kernel shows them.
  type: list
  elements: str
  returned: success
exposure:
  description: >-
    What the change opens that was closed before, by flow; V(any) where a default denies no more.
  type: list
  elements: dict
  returned: success
transaction:
  description: The transaction, with C(id), C(confirmed), C(rolled_back), C(deadline) and C(guard).
  type: dict
  returned: success
conflicts:
  description: >-
    What other tools manage and this backend must not edit, and places where no rule of ours can be
    right, such as a NAT chain. The module fails when a flow of this policy is hit; what hits flows
    of other policies only is a warning.
  type: list
  elements: dict
  returned: success, or failed for that reason
lost:
  description: The targets of O(probe) for whose sake the policy was taken back.
  type: list
  elements: str
  returned: failed for that reason
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
    ABSENT,
    PRESENT,
    apply_policy,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._transaction.witness import (
    target_problems,
)


def main() -> None:
    """Run the module."""
    spec = policy_argument_spec()
    spec["state"] = {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT}
    spec["probe"] = {"type": "list", "elements": "dict", "default": []}
    module = CheckedModule(
        argument_spec=spec,
        supports_check_mode=True,
        input_check=lambda params: [*policy_problems(params), *target_problems(params)],
        checked_options=("flows", "interfaces", "management", "probe"),
    )
    run_module(module, lambda: apply_policy(module.params, module.check_mode))


if __name__ == "__main__":
    main()
