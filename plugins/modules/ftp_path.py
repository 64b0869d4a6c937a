#!/usr/bin/python
# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ftp_path
short_description: Prove that a whole FTP download survives the firewalls on the path
version_added: 0.1.0
description:
  - Downloads one file over FTP from this host, compares every byte of it, stores nothing, and names
    what is wrong when something is.
  - A verdict never fails the task. Look at RV(ok) and RV(verdict); the task fails on bad input
    only.
  - Tries EPSV, then PASV. The data connection always goes to the server's own address, whatever the
    server names.
  - The control connection is left idle during the transfer, without keepalive, as plain clients do,
    so that a firewall that forgets it is found.
  - The terminal shows the progress of a long download. The variable C(timesensor_progress=off), or
    the environment variable E(TIMESENSOR_PROGRESS) with that value on the controller, turns that
    off.
author:
  - legalops.timesensor contributors (@legalops)
notes:
  - One step less sure without root, because TTLs and the senders of ICMP errors cannot be seen
    then.
  - Think before 1 GiB runs over a production line. O(max_bytes) limits it.
attributes:
  check_mode:
    support: full
    description: Sends nothing and says C(skipped).
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
  platform:
    support: full
    platforms: posix
    description: Target platform.
options:
  host:
    description: The FTP server, a name or an address.
    type: str
    required: true
  port:
    description: Its control port.
    type: int
    default: 21
  protocol:
    description: How to download. This release has V(ftp); the others are refused.
    type: str
    choices: [ftp, ftps, ftps_implicit, sftp]
    default: ftp
  path:
    description: The file on the server.
    type: str
    required: true
  user:
    description: Who logs in.
    type: str
    default: anonymous
  password:
    description: The password. It stands in no file, log or process list of ours.
    type: str
  mode:
    description:
      - How the data connection is made. V(auto) is EPSV, then PASV.
      - V(active) has the server connect to this host, from its port 20.
    type: str
    choices: [auto, epsv, pasv, active]
    default: auto
  verify:
    description:
      - What every byte is held against. V(pattern) is the seeded test file of
        M(legalops.timesensor.test_package) and also tells offset and kind of the first damage.
      - The default is V(pattern) with a O(seed), V(sha256) with a O(checksum), and V(none)
        otherwise; then RV(verified) is false.
    type: str
    choices: [pattern, sha256, none]
  expected_size:
    description: Size of the file in bytes. The default is what the server says.
    type: int
  checksum:
    description: SHA-256 of the file, as V(sha256:<hex>) or bare hexadecimal digits.
    type: str
  seed:
    description: Seed of the test file.
    type: str
  min_mbit:
    description: Least Mbit/s over the whole transfer.
    type: float
  min_mbit_window:
    description: Least Mbit/s in the worst 5 seconds, the first second left out.
    type: float
  stall_timeout:
    description: Seconds without a byte after which the transfer has stalled.
    type: float
    default: 30.0
  connect_timeout:
    description: Seconds until a connection must be there.
    type: float
    default: 10.0
  reply_timeout:
    description: Seconds until the server must have answered, the final reply included.
    type: float
    default: 60.0
  deadline:
    description: Seconds after which the run ends in any case.
    type: float
  diagnose:
    description:
      - Whether to make further connections after a failure in order to find its cause.
      - After a transfer that broke, they download as much again, at most O(max_bytes).
    type: bool
    default: true
  max_bytes:
    description: End after this many bytes. The verdict is then V(ok_partial) at best.
    type: int
  background:
    description: For the action plugin, which shows the progress; it sets this itself.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Prove that a whole update comes through
  legalops.timesensor.ftp_path:
    host: update.vendor.example
    path: /timesensor-test-package.bin
    seed: timesensor
  register: download

- name: Show what blocks it
  ansible.builtin.debug:
    msg: "{{ download.verdict }}: {{ download.fix }}"
  when: not download.ok

- name: Prove active mode, in which the data connection comes from port 20, with the first 10 MiB
  legalops.timesensor.ftp_path:
    host: update.vendor.example
    path: /timesensor-test-package.bin
    seed: timesensor
    mode: active
    max_bytes: 10485760
"""

RETURN = r"""
ok:
  description: Whether the whole file came down as it should. True with the verdict V(ok) only.
  type: bool
  returned: always
verdict:
  description:
    - V(ok), V(ok_partial), V(dns_failed), V(control_port_blocked), V(passive_data_blocked),
      V(passive_data_rejected), V(active_data_blocked), V(epsv_blocked), V(pasv_mangled),
      V(data_source_mismatch), V(pasv_private_address), V(ipv6_blocked), V(pmtu_blackhole),
      V(byte_cap), V(held_by_proxy), V(throttled_shaped), V(throttled_policed),
      V(tcp_options_stripped), V(truncated), V(corrupted),
      V(ascii_rewritten), V(silent_stall), V(reset_by_path), V(reset_by_peer),
      V(control_idle_dropped), V(final_reply_missing), V(below_min_rate), V(deadline_exceeded),
      V(server_busy), V(server_login_failed), V(server_not_found), V(server_no_answer),
      V(server_protocol_error), V(server_aborted), V(server_refused), V(server_wrong_file), or
      V(unexplained).
    - V(not_probed) in check mode.
  type: str
  returned: always
status:
  description: V(pass), V(warn), V(fail), or V(none) in check mode.
  type: str
  returned: always
verified:
  description: Whether every byte was compared with what it has to be.
  type: bool
  returned: always
confidence:
  description: V(high), V(medium) or V(low).
  type: str
  returned: always
evidence:
  description: What was observed, each with C(what), C(value) and C(source).
  type: list
  elements: dict
  returned: always
fix:
  description: What an administrator changes; empty when all is well.
  type: str
  returned: always
notes:
  description: What is no fault and still worth knowing, each with a name, a colon and a sentence.
  type: list
  elements: str
  returned: when something was sent
bytes:
  description: Bytes received.
  type: int
  returned: when something was sent
size:
  description: Size of the file, null when nobody tells.
  type: int
  returned: when something was sent
seconds:
  description: Seconds from the request to the last byte.
  type: float
  returned: when something was sent
mbit:
  description: Mbit/s over these seconds.
  type: float
  returned: when something was sent
worst_window_mbit:
  description: Mbit/s in the worst 5 seconds, null for a transfer that is too short to have them.
  type: float
  returned: when something was sent
limits:
  description: >-
    What the transfer was held against, by the names of the options: C(min_mbit),
    C(min_mbit_window), C(deadline), C(max_bytes), C(stall_timeout), C(reply_timeout) and
    C(connect_timeout).
  type: dict
  returned: when something was sent
samples:
  description: >-
    The curve, 120 points at most, each with C(seconds), C(bytes) so far, and C(mbit) since the
    point before.
  type: list
  elements: dict
  returned: when something was sent
ttfb_ms:
  description: Milliseconds from the request to the first byte.
  type: float
  returned: when something was sent
phases_ms:
  description: Milliseconds per phase.
  type: dict
  returned: when something was sent
modes:
  description: What each kind of data connection came to.
  type: dict
  returned: when something was sent
  sample: {"epsv": "timeout", "pasv": "connected"}
tcp:
  description: What the kernel knows of the data connection (TCP_INFO).
  type: dict
  returned: when something was sent
attempts:
  description: Every data connection that was tried.
  type: list
  elements: dict
  returned: when something was sent
control_log:
  description: What was said on the control connection, passwords masked.
  type: list
  elements: str
  returned: when something was sent
"""

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.module import run_ftp_path
from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.options import (
    argument_spec,
    find_problems,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._module import (
    CheckedModule,
    run_module,
)


def main() -> None:
    """Run the module."""
    module = CheckedModule(
        argument_spec=argument_spec(), supports_check_mode=True, input_check=find_problems
    )
    run_module(module, lambda: run_ftp_path(module))


if __name__ == "__main__":
    main()
