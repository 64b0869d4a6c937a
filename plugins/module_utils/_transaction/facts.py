# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the target knows: the addresses of names, the DNS resolvers, and the SSH connection in
use."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import socket
import sys
from typing import Mapping, Sequence

from .._model.addresses import Network
from .._model.errors import InputError, Problem
from .._model.policy import DENY, GATEWAY, HOST, Management, Policy
from .._model.ports import parse_port

_ROUTES = "/proc/net/route"
_RESOLV_CONF = "/etc/resolv.conf"
# Where systemd-resolved keeps the servers behind its stub (systemd-resolved.service(8)).
_RESOLVED_UPSTREAM = "/run/systemd/resolve/resolv.conf"


def gather_facts(policy: Policy) -> tuple[Policy, list[str]]:
    """Return `policy` with the addresses of its names and the DNS resolvers, and warnings.

    Raises `InputError` that lists every name that does not resolve, with the flows that need it.
    """
    warnings = []
    resolvers: tuple[Network, ...] = ()
    if policy.denies:
        resolvers = dns_resolvers()
    if policy.default_egress == DENY and "dns" in policy.baseline and not resolvers:
        warnings.append(
            f"{_RESOLV_CONF} names no DNS server beyond this host, so default_egress: deny lets no"
            " DNS out: add a flow for port 53 if names must resolve"
        )
    filled = policy.with_facts(resolve_names(policy), policy.management, resolvers)
    if policy.enforcement == GATEWAY:
        filled = dataclasses.replace(filled, inside_networks=routed_networks(policy.inside))
    return filled, warnings


def keep_reachable(policy: Policy, stored: Policy | None) -> tuple[Policy, list[str]]:
    """Return `policy` with the management accept that the SSH connection in use needs, and
    warnings.

    `stored` is the policy of that name that the host keeps now: a run without an SSH session above
    it (cron, ansible-pull) takes its accepts over, rather than lock out whom they let in.
    """
    if not policy.denies or policy.enforcement != HOST:
        return policy, []
    management = list(policy.management)
    warnings = []
    connection = ssh_connection()
    if connection is not None and not any(item.covers(connection) for item in management):
        management.append(connection)
        if policy.management:
            warnings.append(
                f"management does not name the SSH connection in use, from {connection.peer} to"
                f" port {connection.port}: it is accepted as well"
            )
    if not management and stored is not None:
        management += stored.management
    if not management and policy.default_ingress == DENY:
        warnings.append(
            "no SSH session was found above this process, no management accept was added: give"
            " management a peer and a port if the host must stay reachable for new connections"
        )
    return dataclasses.replace(policy, management=tuple(management)), warnings


def resolve_names(policy: Policy) -> dict[str, list[Network]]:
    """Resolve the names in peers, both families. Raises `InputError` with all that fail."""
    found: dict[str, list[Network]] = {}
    problems = []
    for name in policy.names:
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError as error:
            problems += [
                Problem(f"flow {flow.id}, peers", f"{name!r} does not resolve here: {error}")
                for flow in policy.flows
                if any(peer.name == name for peer in flow.peers)
            ]
            continue
        addresses = {str(answer[4][0]).split("%", 1)[0] for answer in answers}
        found[name] = sorted(
            (ipaddress.ip_network(address) for address in addresses),
            key=lambda network: (network.version, network.network_address.packed),
        )
    if problems:
        raise InputError(problems)
    return found


def dns_resolvers() -> tuple[Network, ...]:
    """Return the DNS servers that this host asks, in order, without its own loopback stub."""
    addresses: list[Network] = []
    for path in (_RESOLV_CONF, _RESOLVED_UPSTREAM):
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                lines = [line.split() for line in stream]
        except OSError:
            continue
        for words in lines:
            if len(words) > 1 and words[0] == "nameserver":
                try:
                    address = ipaddress.ip_address(words[1].split("%")[0])
                except ValueError:
                    continue
                if not address.is_loopback:
                    addresses.append(ipaddress.ip_network(address))
    return tuple(dict.fromkeys(addresses))


def routed_networks(interfaces: Sequence[str]) -> tuple[Network, ...]:
    """Return the IPv4 networks that this host reaches by the interfaces, without default routes."""
    try:
        with open(_ROUTES, encoding="ascii") as stream:
            rows = [line.split() for line in stream][1:]
    except OSError:
        return ()
    # The columns are interface, destination, gateway, flags, .., mask: numbers in hexadecimal, in
    # the byte order of the machine (fib_route_seq_show(), net/ipv4/fib_trie.c).
    found = []
    for row in rows:
        if row[0] in interfaces and int(row[7], 16):
            destination, mask = (int(row[column], 16) for column in (1, 7))
            address = ipaddress.ip_address(destination.to_bytes(4, sys.byteorder))
            found.append(ipaddress.ip_network(f"{address}/{bin(mask).count('1')}"))
    return tuple(dict.fromkeys(found))


def ssh_connection() -> Management | None:
    """Return the far end and our port of the SSH session that this process runs in.

    sudo drops the variable SSH_CONNECTION, so the environments of the parent processes are read as
    well.
    """
    pid = os.getpid()
    while pid > 1:
        value = _environment(pid).get("SSH_CONNECTION", "").split()
        if len(value) == 4:
            try:
                peer = ipaddress.ip_network(value[0].split("%")[0])
                return Management(peer, parse_port(value[3]))
            except ValueError:
                pass  # not written by sshd; a parent may have the real one
        pid = _parent(pid)
    return None


def _environment(pid: int) -> Mapping[str, str]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            pairs = stream.read().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            # The command stands in parentheses and may contain blanks: proc_pid_stat(5).
            return int(stream.read().rsplit(")", 1)[1].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
