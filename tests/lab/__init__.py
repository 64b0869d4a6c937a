# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Law firms out of network namespaces.

Hosts, cables, servers and faults, for the demo, the tests and benchmarks.
"""

from __future__ import annotations

from .errors import CommandFailed, LabError
from .host import Host, HostProcess, wait_for
from .lab import Lab
from .root import CAPTURE_ROOTS, Root
from .topology import HostSpec, Network, Nic, Topology, firm

__all__ = [
    "CAPTURE_ROOTS",
    "CommandFailed",
    "Host",
    "HostProcess",
    "HostSpec",
    "Lab",
    "LabError",
    "Network",
    "Nic",
    "Root",
    "Topology",
    "firm",
    "wait_for",
]
