# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab is made of, as data; `firm()` is the law firm that the collection is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network

ADMIN_RULES = """\
#!/usr/sbin/nft -f
# The firm's own firewall, as its administrator wrote it before anyone installed timeSensor.
table ip firm_nat {
\tchain postrouting {
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t\tiifname "lan0" oifname "wan0" masquerade
\t}
}
"""
FORWARD_RULES = """\
table inet firm_filter {{
\tchain forward {{
\t\ttype filter hook forward priority filter; policy {policy};
\t\tct state established,related accept
\t}}
}}
"""


@dataclasses.dataclass(frozen=True)
class Network:
    """One Ethernet segment: a bridge in the wire namespace."""

    name: str
    v4: IPv4Network
    v6: IPv6Network


@dataclasses.dataclass(frozen=True)
class Nic:
    """A host's interface; `number` is the host part of both its addresses."""

    name: str
    network: str
    number: int


@dataclasses.dataclass(frozen=True)
class HostSpec:
    """One host.

    `names` are further names in everybody's /etc/hosts; `via` names the host that routes for it.
    """

    name: str
    nics: tuple[Nic, ...]
    names: tuple[str, ...] = ()
    via: str = ""
    forwarding: bool = False
    rules: str = ""  # becomes /etc/nftables.conf and is loaded; empty: no ruleset
    groups: tuple[str, ...] = ()  # inventory groups
    boots: str = ""  # the Debian suite whose systemd is the host's pid 1; empty: a light host
    sysctls: Mapping[str, str] = dataclasses.field(default_factory=dict)  # below /proc/sys


@dataclasses.dataclass(frozen=True)
class Topology:
    """Networks and hosts.

    `routes` are (network, host that leads there), given to every host outside that network.
    """

    name: str
    networks: tuple[Network, ...]
    hosts: tuple[HostSpec, ...]
    routes: tuple[tuple[str, str], ...] = ()

    def network(self, name: str) -> Network:
        """The network of that name."""
        return next(item for item in self.networks if item.name == name)

    def host(self, name: str) -> HostSpec:
        """The host of that name."""
        return next(item for item in self.hosts if item.name == name)

    def addresses(self, host: HostSpec, network: str = "") -> list[str]:
        """A host's addresses, IPv4 before IPv6 per interface; on one network or on all."""
        found = []
        for nic in host.nics:
            if network in ("", nic.network):
                net = self.network(nic.network)
                found.append(str(net.v4[nic.number]))
                # The same digits in both families, as people write them: 10.77.0.20 and fd77::20.
                found.append(str(net.v6[int(str(nic.number), 16)]))
        return found

    def hosts_file(self) -> str:
        """/etc/hosts for everybody; a router is known by its first interface's addresses."""
        lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
        for host in self.hosts:
            for address in self.addresses(host, host.nics[0].network):
                lines.append(" ".join((address, host.name, *host.names)))
        return "\n".join(lines) + "\n"


def firm(
    *,
    forward: str = "drop",
    rules: str | None = None,
    booted: tuple[str, ...] = (),
    suite: str = "bookworm",
) -> Topology:
    """A law firm behind a masquerading gateway, and the internet side that it talks to.

    `forward` is the policy of the administrator's own forward chain on the gateway (`drop`, which
    lets only answers through, or `accept`); `rules` replaces the gateway's whole
    /etc/nftables.conf. The hosts named in `booted` boot that suite of Debian; with them comes the
    host `admin`, which has an interface in each network and from which SSH reaches them.
    """
    if rules is None:
        rules = ADMIN_RULES + FORWARD_RULES.format(policy=forward)
    lan = Network("lan", IPv4Network("10.77.0.0/24"), IPv6Network("fd77::/64"))
    wan = Network("wan", IPv4Network("203.0.113.0/24"), IPv6Network("2001:db8:113::/64"))

    def inside(name: str, number: int) -> HostSpec:
        return HostSpec(
            name, (Nic("eth0", "lan", number),), (f"{name}.firm.test",), "gateway", groups=("lan",)
        )

    def outside(name: str, number: int, *names: str) -> HostSpec:
        return HostSpec(name, (Nic("eth0", "wan", number),), names, groups=("wan",))

    gateway = HostSpec(
        "gateway",
        (Nic("lan0", "lan", 1), Nic("wan0", "wan", 1)),
        ("gateway.firm.test",),
        forwarding=True,
        rules=rules,
        groups=("gateways",),
    )
    hosts = (
        inside("workstation", 10),
        inside("server", 20),
        gateway,
        outside("update", 21, "update.vendor.test"),
        outside("licence", 22, "licence.vendor.test"),
        outside("mail", 23, "mail.provider.test"),
        outside("datacentre", 30, "server365.datacentre.test"),
        outside("outsider", 66, "outsider.test"),
    )
    admin = HostSpec(
        "admin", (Nic("eth0", "lan", 5), Nic("eth1", "wan", 5)), ("admin.firm.test",), "gateway"
    )
    return Topology(
        "firm",
        (lan, wan),
        tuple(
            dataclasses.replace(host, boots=suite if host.name in booted else "") for host in hosts
        )
        + ((admin,) if booted else ()),
        # IPv6 is routed and not translated: the internet side knows the way back to the firm's
        # prefix.
        routes=(("lan", "gateway"),),
    )
