#!/usr/bin/python
# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_listener
short_description: Answer probes before the application is installed
version_added: 0.1.0
description:
  - Starts a small process on the host that answers M(legalops.timesensor.flow_probe) with service
    V(token) on the given ports, and that leaves by itself after O(ttl) seconds.
  - It answers exact requests made with O(token) and nothing else, with fewer bytes than it got, and
    counts everybody it hears. So it also proves whether a broadcast arrives.
  - The token is kept in memory. It stands in no command line, environment or file on the host.
  - An open port in the host's firewall is not part of this. See
    M(legalops.timesensor.firewall_policy).
author:
  - legalops.timesensor contributors (@legalops)
attributes:
  check_mode:
    support: full
    description: Starts and stops nothing; RV(ignore:skipped) is true.
  diff_mode:
    support: none
    description: The results say all there is.
  platform:
    support: full
    platforms: linux
    description: Target platform.
options:
  name:
    description: >-
      Name of this set of listeners. Starting again under the same name replaces it; with the same
      settings it goes on, with its time renewed.
    type: str
    default: default
  state:
    description:
      - V(stopped) ends the listeners of this name and returns what they have heard.
      - >-
        V(queried) only returns that, in check mode, too, and RV(running) tells whether there are
        any.
    type: str
    choices: [started, stopped, queried]
    default: started
  listeners:
    description: Where to listen. Needed for O(state=started).
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: Name of the listener in the results, unique in the list.
        type: str
        required: true
      address:
        description:
          - Address of this host. Empty or V(::) means both families, V(0.0.0.0) means IPv4 only.
          - Broadcasts are heard with an empty address or V(0.0.0.0).
        type: str
        default: ''
      port:
        description: Port to listen on.
        type: int
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
  peers:
    description: Who is answered, as addresses and networks. Empty means everybody with the token.
    type: list
    elements: str
    default: []
  ttl:
    description: Seconds after which the listeners leave by themselves, 1 to 86400.
    type: int
    default: 300
  token:
    description: >-
      The secret that probes and listeners share, at least 8 characters. Needed for
      O(state=started).
    type: str
seealso:
  - module: legalops.timesensor.flow_probe
"""

EXAMPLES = r"""
- name: Listen where the database server will be
  legalops.timesensor.flow_listener:
    token: "{{ listener_token }}"
    peers: [192.0.2.0/24]
    listeners:
      - id: db_app
        port: 19813
      - id: db_quic
        port: 19813
        protocol: udp
  become: true

- name: End it, and see who was heard
  legalops.timesensor.flow_listener:
    state: stopped
  become: true
  register: listened
"""

RETURN = r"""
running:
  description: Whether a process listens now.
  type: bool
  returned: success
instance:
  description: >-
    Which listeners these are: another value than before means that another run has put its own in
    their place. Empty when none run. With O(state=stopped) that of those that were ended.
  type: str
  returned: success
was_running:
  description: >-
    Whether there was something to stop. If not, nobody can say what arrived, because the listeners
    had left or were never started.
  type: bool
  returned: O(state=stopped)
results:
  description: One item per listener.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: Name of the listener.
      type: str
      returned: success
    address:
      description: Address as given, empty for any.
      type: str
      returned: success
    port:
      description: Port.
      type: int
      returned: success
    protocol:
      description: Transport protocol.
      type: str
      returned: success
    process:
      description: Who has the port, with C(pid) and C(name); null when that is not known.
      type: dict
      returned: success
    verdict:
      description: V(listening), V(in_use), V(denied) or V(not_probed) (in check mode).
      type: str
      returned: success
    status:
      description: >-
        V(pass), V(warn) (the port is in use, probe the program that has it), V(fail) or V(none).
      type: str
      returned: success
    confidence:
      description: V(high), because the kernel says so.
      type: str
      returned: success
    evidence:
      description: What was observed, each with C(what), C(value) and C(source).
      type: list
      elements: dict
      returned: success
    fix:
      description: What to do about it; empty when all is well.
      type: str
      returned: success
heard:
  description: >-
    Per listener who was heard, each with C(peer), C(count) (datagrams or connections) and C(valid)
    (those that proved the token). A listener that heard nobody has no entry.
  type: dict
  returned: success
  sample:
    db_quic:
      - peer: 192.0.2.5
        count: 1
        valid: 1
"""

from ansible_collections.legalops.timesensor.plugins.module_utils._module import (
    CheckedModule,
    run_module,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.options import (
    input_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.module import (
    listener_argument_spec,
    run_listener,
)


def main() -> None:
    """Run the module."""
    module = CheckedModule(
        argument_spec=listener_argument_spec(),
        supports_check_mode=True,
        input_check=input_problems,
        checked_options=("listeners", "peers", "ttl", "state"),
    )
    run_module(module, lambda: run_listener(module.params, module.check_mode))


if __name__ == "__main__":
    main()
