#!/usr/bin/python
# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: test_package
short_description: Write the seeded file that a download is proved with
version_added: 0.1.0
description:
  - Writes one file whose content follows from a seed, so that M(legalops.timesensor.ftp_path) can
    compare every byte of it without having a copy.
  - The space is checked and reserved first, and the file appears whole or not at all.
  - A file that is already right, byte for byte, is kept. A damaged one is written again.
author:
  - legalops.timesensor contributors (@legalops)
attributes:
  check_mode:
    support: full
    description: Reads the file and says what would change.
  diff_mode:
    support: full
    description: Shows size, seed and mode.
  platform:
    support: full
    platforms: posix
    description: Target platform.
options:
  path:
    description: >-
      The file. Its directory must exist. It belongs to who runs the task, with mode 0644.
    type: path
    required: true
  size:
    description: Its size in bytes, from 1 MiB to 10 GiB. The default is 1 GiB.
    type: int
    default: 1073741824
  seed:
    description: What the content follows from. No secret.
    type: str
    default: timesensor
  state:
    description: Whether the file is there.
    type: str
    choices: [present, absent]
    default: present
  checksum:
    description: Whether to compute RV(sha256) also when the file is kept. Costs seconds per GiB.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Serve a test package of 1 GiB
  legalops.timesensor.test_package:
    path: /srv/ftp/timesensor-test-package.bin

- name: Remove it
  legalops.timesensor.test_package:
    path: /srv/ftp/timesensor-test-package.bin
    state: absent
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
size:
  description: Its size in bytes, 0 when it is absent.
  type: int
  returned: success
seed:
  description: Its seed, empty when it is absent.
  type: str
  returned: success
sha256:
  description: SHA-256 of the whole file; empty when it was neither written nor asked for.
  type: str
  returned: success
reason:
  description: Why it was written or removed; empty when nothing was done.
  type: str
  returned: success
  sample: its content differs from offset 5000000
"""

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.package import (
    argument_spec,
    ensure_package,
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
    run_module(module, lambda: ensure_package(module.params, module.check_mode))


if __name__ == "__main__":
    main()
