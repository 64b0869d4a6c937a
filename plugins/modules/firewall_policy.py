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
options:
  name:
    description: >-
      Name of the policy, in practice the scenario. Policies of other names on the host are left
      alone.
    type: str
    required: true
  flows:
    description: The flows that the policy ensures.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: Name of the flow, unique in the policy.
        type: str
        required: true
      direction:
        description: Who starts the connection, as seen from the host or from inside the gateway.
        type: str
        choices: [outbound, inbound]
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp, udp]
        required: true
      ports:
        description: Destination ports, numbers or ranges such as V(19812-19814), without overlap.
        type: list
        elements: str
        required: true
      peers:
        description:
          - The far ends, as addresses, networks or host names. Empty means any.
          - Names are resolved on the target, in both families, when the policy is applied.
        type: list
        elements: str
        default: []
      hosts:
        description: >-
          The protected hosts behind a gateway. Empty means all inside; needed for inbound flows.
        type: list
        elements: str
        default: []
      service:
        description: Application protocol. V(ftp) assigns the connection tracking helper.
        type: str
        default: ''
      purpose:
        description: What the flow is for.
        type: str
        default: ''
      impact:
        description: What breaks when the flow is blocked.
        type: str
        default: ''
      scope:
        description: V(broadcast) means packets to broadcast and multicast destinations only.
        type: str
        choices: [unicast, broadcast]
        default: unicast
      action:
        description: V(block) is possible for O(flows[].scope=broadcast) only.
        type: str
        choices: [allow, block]
        default: allow
  enforcement:
    description: Whether the rules protect this host or what a gateway forwards.
    type: str
    choices: [host, gateway]
    default: host
  backend:
    description:
      - What enforces the policy. V(auto) takes the tool that owns the host's firewall.
      - This release has V(nftables); the others are refused.
    type: str
    choices: [auto, nftables, firewalld, ufw, iptables]
    default: auto
  interfaces:
    description: The sides of a gateway. Needed for O(enforcement=gateway).
    type: dict
    default: {}
    suboptions:
      inside:
        description: Interfaces towards the protected hosts.
        type: list
        elements: str
        default: []
      outside:
        description: Interfaces towards the internet.
        type: list
        elements: str
        default: []
  default_egress:
    description:
      - What happens to outbound traffic that no flow names.
      - V(untouched) blocks nothing. V(deny) drops after a fixed baseline of loopback, established
        and related traffic, ICMP errors, neighbour discovery, DHCP, DNS to the configured resolvers
        and NTP.
    type: str
    choices: [untouched, deny]
    default: untouched
  default_ingress:
    description: >-
      The same for inbound traffic; the connection that Ansible uses is accepted in the same
      transaction.
    type: str
    choices: [untouched, deny]
    default: untouched
  baseline:
    description: The entries of the baseline that may be left out. The others always stay.
    type: list
    elements: str
    choices: [dhcp, dns, ntp]
    default: [dhcp, dns, ntp]
  management:
    description:
      - Management connections that stay possible under O(default_ingress=deny), as a list of
        C(peer) and C(port).
      - V(auto) takes the SSH connection in use.
    type: raw
    default: auto
  confirm_timeout:
    description: >-
      Seconds after which an unconfirmed policy is taken back. This release knows V(0) only, without
      a guard.
    type: int
    default: 0
  persist:
    description: Whether a reboot brings the policy back.
    type: bool
    default: true
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
  description: What the change opens that was closed before.
  type: list
  elements: dict
  returned: success
transaction:
  description: The transaction, with C(id), C(confirmed), C(rolled_back), C(deadline) and C(guard).
  type: dict
  returned: success
conflicts:
  description: >-
    What other tools manage and this backend must not edit. Not empty when the module fails for that
    reason.
  type: list
  elements: dict
  returned: always
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
