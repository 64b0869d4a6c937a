# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cables: bridges in the wire namespace, one veth per interface, addresses, routes, sysctls.

Each veth is made inside the wire namespace with its peer directly in the host's, so that no name of
the lab ever appears among the machine's own interfaces. One `ip -batch` per namespace, since
starting ip costs more than its work.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping

from .errors import LabError
from .topology import HostSpec, Topology

_SYSCTLS = {
    # No waiting for duplicate addresses, no router advertisements: addresses are ours and ready at
    # once.
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/default/addr_gen_mode": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv6/conf/all/accept_redirects": "0",
    # ICMP errors are evidence; the default limit of 1 per second per peer would hide most of them.
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv6/icmp/ratelimit": "0",
    # Counters that `ct bytes` needs.
    "net/netfilter/nf_conntrack_acct": "1",
}


def ip_batches(pids: Mapping[int, Iterable[str]]) -> None:
    """Run `ip` command lines in the network namespaces of these processes, all at once."""
    running = []
    for pid, lines in pids.items():
        process = subprocess.Popen(
            ["nsenter", "-t", str(pid), "-n", "ip", "-batch", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write("".join(f"{line}\n" for line in lines))
        process.stdin.close()
        process.stdin = None
        running.append(process)
    errors = []
    for process in running:
        _unused, stderr = process.communicate()
        if process.returncode != 0:
            errors.append(stderr.strip())
    if errors:
        raise LabError("the lab's network could not be built: " + "; ".join(errors))


def bridge_lines(topology: Topology) -> list[str]:
    """`ip` commands that make the bridges."""
    lines = ["link set lo up"]
    for network in topology.networks:
        lines += [
            f"link add {network.name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"link set {network.name} addrgenmode none up",
        ]
    return lines


def _ports(host: HostSpec) -> list[str]:
    """Names of the bridges' ends of a host's cables, in the order of its interfaces."""
    return [f"{host.name[:12]}.{number}" for number in range(len(host.nics))]


def unplug(wire: int, host: HostSpec) -> None:
    """Remove what is left of the cables of a host that has ended.

    The kernel takes them away by itself, but some time after the host's last process has ended.
    """
    subprocess.run(
        ["nsenter", "-t", str(wire), "-n", "ip", "-force", "-batch", "-"],
        input="".join(f"link del {port}\n" for port in _ports(host)),
        text=True,
        check=False,  # most often they are gone already
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def cable_lines(topology: Topology, host: HostSpec, pid: int) -> list[str]:
    """`ip` commands, in the wire namespace, that plug a host's interfaces into their bridges.

    An interface keeps its hardware address over a reboot, as a real one does: neighbours remember
    it for half a minute.
    """
    lines = []
    for port, nic in zip(_ports(host), host.nics, strict=True):
        mac = "02:00:" + topology.network(nic.network).v4[nic.number].packed.hex(":")
        lines += [
            f"link add {port} type veth peer name {nic.name} address {mac} netns {pid}",
            f"link set {port} addrgenmode none master {nic.network} up",
        ]
    return lines


def address_lines(topology: Topology, host: HostSpec, congestion: str) -> list[str]:
    """`ip` commands, in the host's namespace: addresses and routes."""
    congctl = f" congctl {congestion}" if congestion else ""
    lines = ["link set lo up"]
    for nic in host.nics:
        network = topology.network(nic.network)
        v4, v6 = topology.addresses(host, nic.network)
        # `noprefixroute` so that the on-link routes can name the congestion control as well.
        lines += [
            f"link set {nic.name} up",
            f"addr add {v4}/{network.v4.prefixlen} brd + dev {nic.name} noprefixroute",
            f"addr add {v6}/{network.v6.prefixlen} dev {nic.name} nodad noprefixroute",
            f"route add {network.v4} dev {nic.name} src {v4}{congctl}",
            f"route add {network.v6} dev {nic.name}{congctl}",
        ]
    own = {nic.network for nic in host.nics}
    if host.via:
        lines += _route_lines(topology, host.via, own, "0.0.0.0/0", "::/0", congctl)
    for name, router in topology.routes:
        if name not in own and router != host.name and not host.via:
            network = topology.network(name)
            # IPv4 inside addresses are private: the outside must not know a way to them.
            lines += _route_lines(topology, router, own, "", str(network.v6), congctl)
    return lines


def _route_lines(
    topology: Topology, router: str, own: set[str], to_v4: str, to_v6: str, congctl: str
) -> list[str]:
    spec = topology.host(router)
    shared = next((nic.network for nic in spec.nics if nic.network in own), None)
    if shared is None:
        raise LabError(f"host {router} routes for a host with which it shares no network")
    v4, v6 = topology.addresses(spec, shared)
    lines = [f"route add {to_v4} via {v4}{congctl}"] if to_v4 else []
    return [*lines, f"route add {to_v6} via {v6}{congctl}"]


def sysctls(host: HostSpec) -> dict[str, str]:
    """What every host is set to before its interfaces appear: path below /proc/sys -> value."""
    values = dict(_SYSCTLS)
    if host.forwarding:
        values["net/ipv4/ip_forward"] = "1"
        values["net/ipv6/conf/all/forwarding"] = "1"
    return values
