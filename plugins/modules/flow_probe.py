#!/usr/bin/python
# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_probe
short_description: Prove with packets which flows work, and say what stops the others
version_added: 0.1.0
description:
  - Probes many destinations at once from the host that needs them. One call takes about one
    O(timeout), however many targets there are.
  - A verdict never fails the task. The module fails on wrong input only.
  - As root it watches its own packets on a packet socket. It then knows whether a packet left the
    host, and who sent a refusal. Without root the confidence is lower where that matters, and the
    evidence says what is missing.
author:
  - legalops.timesensor contributors (@legalops)
attributes:
  check_mode:
    support: full
    description: Sends nothing; every verdict is V(not_probed) and RV(ignore:skipped) is true.
  diff_mode:
    support: none
    description: Nothing is changed, so there is nothing to show.
  platform:
    support: full
    platforms: linux
    description: Target platform.
options:
  targets:
    description: What to reach.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: Name of the target in the results, unique in the list.
        type: str
        required: true
      host:
        description:
          - Name or address of the far end. A broadcast or multicast address is possible with UDP.
          - Without it the target is not probed, and is not counted as passed either.
        type: str
      port:
        description: Port of the far end.
        type: int
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      service:
        description:
          - What has to answer there. V(none) is content with an accepted connection.
          - For the others the greeting, the response line, or the ServerHello and then the greeting
            is read. A port that accepts and stays silent is V(wrong_service).
          - V(quic) asks for version negotiation (RFC 9000 section 6).
          - V(4d) offers TLS to 4D Server. Its protocol is not public, so a port that accepts and
            stays silent is open with medium confidence.
          - V(token) talks to M(legalops.timesensor.flow_listener).
        type: str
        choices: [none, http, https, ftp, ssh, smtps, submission, imaps, pop3s, quic, 4d, token]
        default: none
      token:
        description: The secret of the listener, for O(targets[].service=token).
        type: str
      tls_pin:
        description:
          - C(sha256:) and the fingerprint of the server's certificate in DER form, as
            C(openssl x509 -fingerprint -sha256) shows it without the colons.
          - With it a certificate is either the right one or V(tls_intercepted). Without it a
            certificate that does not verify is a warning, because a vendor's own certificate looks
            the same.
        type: str
      interface:
        description: Send over this interface only.
        type: str
  timeout:
    description: Seconds after which what has not answered does not answer, above 0 and at most 300.
    type: float
    default: 5
  family:
    description: >-
      Which addresses of a name are tried. V(auto) tries up to two of each family at the same time;
      the best result counts, and the evidence names the others.
    type: str
    choices: [auto, ipv4, ipv6]
    default: auto
seealso:
  - module: legalops.timesensor.flow_listener
"""

EXAMPLES = r"""
- name: Prove the flows to the licence server and the update server
  legalops.timesensor.flow_probe:
    targets:
      - id: licence_https
        host: licence.vendor.example
        port: 443
        service: https
      - id: update_ftp
        host: update.vendor.example
        port: 21
        service: ftp
  become: true
  register: proof

- name: Prove QUIC, and a port on which a listener of ours waits
  legalops.timesensor.flow_probe:
    targets:
      - id: db_quic
        host: server365.datacentre.example
        port: 19813
        protocol: udp
        service: quic
      - id: db_app
        host: server365.datacentre.example
        port: 19813
        service: token
        token: "{{ listener_token }}"
"""

RETURN = r"""
results:
  description: One item per target, in the order of the targets.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: Name of the target.
      type: str
      returned: success
    host:
      description: Far end as given.
      type: str
      returned: success
    address:
      description: Address that the verdict is about, empty when there is none.
      type: str
      returned: success
    port:
      description: Port of the far end.
      type: int
      returned: success
    protocol:
      description: Transport protocol.
      type: str
      returned: success
    service:
      description: What had to answer.
      type: str
      returned: success
    verdict:
      description: >-
        V(open), V(refused), V(filtered), V(no_route), V(dns_failed), V(wrong_service),
        V(tls_intercepted), V(proxy_required), V(no_answer), V(blocked_locally), V(not_probed) or
        V(error).
      type: str
      returned: success
    status:
      description: >-
        V(pass), V(warn) (the path is open, and something else needs a look), V(fail) or V(none)
        (not probed).
      type: str
      returned: success
    confidence:
      description: V(high), V(medium) or V(low).
      type: str
      returned: success
    interface:
      description: Interface that the route to the address leaves by, empty when it was not asked.
      type: str
      returned: success
    source:
      description: Address of the host that this route sends from, empty when it was not asked.
      type: str
      returned: success
    rtt_ms:
      description: Milliseconds until the far end answered at first, null without an answer.
      type: float
      returned: success
    evidence:
      description: What was observed, each with C(what), C(value) and C(source).
      type: list
      elements: dict
      returned: success
    fix:
      description: What an administrator changes, in one sentence; empty when all is well.
      type: str
      returned: success
  sample:
    - id: update_ftp
      host: 192.0.2.21
      address: 192.0.2.21
      port: 21
      protocol: tcp
      service: ftp
      verdict: filtered
      status: fail
      confidence: high
      rtt_ms: null
      evidence:
        - what: ICMP error
          value: ICMP 3/13 (communication administratively prohibited) from 192.0.2.1
          source: socket error queue
      fix: >-
        Allow outbound TCP port 21 from this host to 192.0.2.21 on the firewall 192.0.2.1, which
        rejects it.
"""

from ansible_collections.legalops.timesensor.plugins.module_utils._module import (
    CheckedModule,
    run_module,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.module import (
    probe_argument_spec,
    run_probe,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.target import (
    input_problems,
)


def main() -> None:
    """Run the module."""
    module = CheckedModule(
        argument_spec=probe_argument_spec(),
        supports_check_mode=True,
        input_check=input_problems,
        checked_options=("targets", "timeout", "family"),
    )
    run_module(module, lambda: run_probe(module.params, module.check_mode))


if __name__ == "__main__":
    main()
