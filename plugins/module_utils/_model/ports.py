# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port numbers and ranges of TCP and UDP (RFC 6335: 16 bits, 0 is reserved)."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Iterable, Sequence

from .problems import ValueProblem

LOWEST = 1
HIGHEST = 65535


@dataclasses.dataclass(frozen=True, order=True)
class PortRange:
    """The ports from `first` to `last`, both included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        for port in (self.first, self.last):
            if not LOWEST <= port <= HIGHEST:
                raise ValueProblem(f"port {port} is not within {LOWEST} to {HIGHEST}")
        if self.first > self.last:
            raise ValueProblem(
                f"range {self.first}-{self.last} is inverted, write {self.last}-{self.first}"
            )

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def __len__(self) -> int:
        return self.last - self.first + 1

    def overlaps(self, other: PortRange) -> bool:
        return self.first <= other.last and other.first <= self.last

    def minus(self, other: PortRange) -> tuple[PortRange, ...]:
        """Return what is left of this range without the ports of `other`, in ascending order."""
        if not self.overlaps(other):
            return (self,)
        left = []
        if self.first < other.first:
            left.append(PortRange(self.first, other.first - 1))
        if other.last < self.last:
            left.append(PortRange(other.last + 1, self.last))
        return tuple(left)


ALL_PORTS = PortRange(LOWEST, HIGHEST)


def parse_port(value: Any) -> PortRange:
    """Read C(443), C("443") or C("19812-19814").

    Raises `ValueProblem` for anything else, for ports outside 1 to 65535 and for an inverted range.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueProblem(f"{value!r} is neither a port number nor a range such as 19812-19814")
    match = re.match(r"^\s*(\d+)(?:\s*-\s*(\d+))?\s*$", str(value))
    if match is None:
        raise ValueProblem(f"{value!r} is neither a port number nor a range such as 19812-19814")
    first = int(match.group(1))
    return PortRange(first, int(match.group(2) or first))


def sorted_disjoint(ranges: Sequence[PortRange]) -> tuple[PortRange, ...]:
    """Return `ranges` in ascending order. Raises `ValueProblem` when two of them overlap."""
    ordered = tuple(sorted(ranges))
    for left, right in zip(ordered, ordered[1:]):
        if left.overlaps(right):
            raise ValueProblem(f"{left} and {right} overlap, name each port once")
    return ordered


def single_ports(ranges: Iterable[PortRange]) -> tuple[int, ...]:
    """Return each port of `ranges` on its own: a probe needs one number at a time."""
    return tuple(port for item in ranges for port in range(item.first, item.last + 1))
