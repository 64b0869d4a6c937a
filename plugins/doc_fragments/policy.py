# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What firewall_policy and firewall_policy_info document alike."""

    DOCUMENTATION = r"""
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
        description:
          - The protected hosts behind a gateway. Empty means all inside; needed for inbound flows.
          - Private hosts of an inbound flow need a port forward, unless all its peers are private
            (a VPN routes to them). Where the gateway's NAT has none, a warning shows the command
            that adds it. NAT is read and never written.
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
      - V(auto) takes the SSH connection in use, which is accepted beside a list that does not cover
        it, too. A run without one, such as from cron, keeps what the policy accepted before.
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
"""
