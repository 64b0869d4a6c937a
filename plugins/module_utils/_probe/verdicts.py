# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of everything a probe can end in: what it is called, what it counts as, and what an
admin does about it.

A new verdict or a better fix is one row here. Fixes are sentences with these words in braces:
C(protocol) (TCP or UDP), C(port), C(address) (name and address of the far end), C(local) (this
host's own address), and those that the row's maker gives (C(words)).
"""

from __future__ import annotations

import dataclasses
from typing import Mapping

from .._model.verdict import FAIL, HIGH, LOW, MEDIUM, NONE, PASS, WARN

OPEN = "open"
REFUSED = "refused"
FILTERED = "filtered"
NO_ROUTE = "no_route"
DNS_FAILED = "dns_failed"
WRONG_SERVICE = "wrong_service"
TLS_INTERCEPTED = "tls_intercepted"
PROXY_REQUIRED = "proxy_required"
NO_ANSWER = "no_answer"
BLOCKED_LOCALLY = "blocked_locally"
NOT_PROBED = "not_probed"
ERROR = "error"
NAMES = (
    OPEN,
    REFUSED,
    FILTERED,
    NO_ROUTE,
    DNS_FAILED,
    WRONG_SERVICE,
    TLS_INTERCEPTED,
    PROXY_REQUIRED,
    NO_ANSWER,
    BLOCKED_LOCALLY,
    NOT_PROBED,
    ERROR,
)


@dataclasses.dataclass(frozen=True)
class Row:
    """`needs_witness`: without root one part of the proof is missing, and the confidence is one
    step lower."""

    name: str
    status: str
    confidence: str
    fix: str = ""
    needs_witness: bool = False


_ALLOW = "Allow outbound {protocol} port {port} from this host to {address}"

ROWS: Mapping[str, Row] = {
    # Open, and open with a remark.
    "open": Row(OPEN, PASS, HIGH),
    "4d_accepts": Row(OPEN, PASS, MEDIUM),
    "4d_closes": Row(
        OPEN,
        WARN,
        LOW,
        "Check that 4D Server on {address} is healthy and uses TLS: {protocol} port {port}"
        " accepts outbound connections, but closes them when TLS starts.",
    ),
    "open_elsewhere": Row(
        OPEN,
        WARN,
        HIGH,
        "Allow outbound {protocol} port {port} to {failed} as well: another address of {host} is"
        " open, and clients that try this one first have to wait.",
    ),
    "tls_unverified": Row(
        OPEN,
        WARN,
        HIGH,
        "Compare the certificate of {address}, outbound {protocol} port {port}, with the"
        " operator's: if it is theirs, set tls_pin to {pin}, if not, exempt this destination"
        " from TLS inspection.",
    ),
    "tls_known_inspector_trusted": Row(
        OPEN,
        WARN,
        MEDIUM,
        "Exempt outbound {protocol} port {port} to {address} from TLS inspection if the"
        " application does not use this host's trust store: the certificate was issued by"
        " {issuer}.",
    ),
    "tls_alert": Row(
        OPEN,
        WARN,
        MEDIUM,
        "Ask the operator of {address} which TLS versions and client certificates {protocol}"
        " port {port} takes: TLS answered outbound but the handshake ended with {alert}.",
    ),
    "service_refuses": Row(
        OPEN,
        WARN,
        HIGH,
        "Ask the operator of {address} why the service on {protocol} port {port} turns clients"
        " away ({said}): the outbound path is open.",
    ),
    "starttls_missing": Row(
        OPEN,
        WARN,
        MEDIUM,
        "Turn off SMTP inspection for outbound {protocol} port {port} to {address}, or ask the"
        " operator: STARTTLS is not offered, and mail programs will not send passwords without"
        " it.",
    ),
    # Refused.
    "refused_by_peer": Row(
        REFUSED,
        WARN,
        HIGH,
        "Start the service on {address} so that it listens on {protocol} port {port} (or allow"
        " the port inbound there, if its own firewall resets): the outbound path is open, that"
        " host itself refused.",
    ),
    "refused_by_this_host": Row(
        REFUSED,
        WARN,
        MEDIUM,
        "Start the service on this host so that it listens on {address}, {protocol} port {port};"
        " inbound rules for other hosts are not tested from here.",
    ),
    "refused_by_box": Row(
        REFUSED,
        FAIL,
        HIGH,
        _ALLOW + " on the firewall in between: it refuses in the name of the far end.",
    ),
    "refused": Row(
        REFUSED,
        FAIL,
        MEDIUM,
        "Check that a service listens on {protocol} port {port} of {address}; if it does, allow"
        " the port outbound on the firewalls in between and inbound on that host.",
        needs_witness=True,
    ),
    "refused_udp": Row(
        REFUSED,
        WARN,
        MEDIUM,
        "Start the service on {address} so that it listens on {protocol} port {port}, or allow"
        " the port inbound there: the outbound path is open, that host itself answered that the"
        " port is closed.",
    ),
    # Nothing came back, or somebody said no.
    "filtered": Row(
        FILTERED,
        FAIL,
        MEDIUM,
        _ALLOW
        + " on the firewalls in between, and inbound on that host: packets leave this host and"
        " nothing comes back.",
        needs_witness=True,
    ),
    "filtered_alive": Row(
        FILTERED,
        FAIL,
        HIGH,
        _ALLOW
        + " on the firewalls in between, and inbound on that host: it answers on other ports and"
        " not on this one.",
        needs_witness=True,
    ),
    "filtered_by_box": Row(
        FILTERED,
        FAIL,
        HIGH,
        _ALLOW + " on the firewall {source}, which rejects it.",
    ),
    "filtered_by_peer": Row(
        FILTERED,
        FAIL,
        HIGH,
        "Allow inbound {protocol} port {port} from {local} on {address}, whose own firewall"
        " rejects it; the outbound path is open.",
    ),
    "filtered_after_accept": Row(
        FILTERED,
        FAIL,
        MEDIUM,
        _ALLOW
        + " on the firewalls in between without content inspection: connections are accepted, but"
        " data is never acknowledged.",
    ),
    "reset_by_box": Row(
        FILTERED,
        FAIL,
        HIGH,
        "Turn off content inspection for outbound {protocol} port {port} to {address} on the"
        " firewall in between: it resets the connection in the name of the far end once data"
        " flows.",
    ),
    # No way there.
    "no_route_here": Row(
        NO_ROUTE,
        FAIL,
        HIGH,
        "Add a route (or the default gateway) on this host to {address}, which outbound"
        " {protocol} port {port} needs: {reason}.",
    ),
    "no_route_neighbour": Row(
        NO_ROUTE,
        FAIL,
        HIGH,
        "Check that {neighbour} is up and in the same network segment as this host: it does not"
        " answer {question}, so outbound {protocol} port {port} to {address} cannot leave.",
    ),
    "no_route_beyond": Row(
        NO_ROUTE,
        FAIL,
        HIGH,
        "Add the missing route on the router {source}, or start the host: it reports that"
        " {address} cannot be reached for outbound {protocol} port {port}.",
    ),
    "no_route_shared": Row(
        NO_ROUTE,
        FAIL,
        MEDIUM,
        "Add the missing route on the router {source}, or start the host: it reported for"
        " another port that {address} cannot be reached, so outbound {protocol} port {port}"
        " cannot either.",
    ),
    "no_route_loop": Row(
        NO_ROUTE,
        FAIL,
        HIGH,
        "Correct the routes at the router {source}: packets for {address}, outbound {protocol}"
        " port {port}, go in a circle until they expire.",
    ),
    # This host's own firewall.
    "blocked_locally": Row(
        BLOCKED_LOCALLY,
        FAIL,
        HIGH,
        "Allow outbound {protocol} port {port} to {address} in this host's own firewall"
        " (output): the packet never left.",
    ),
    "blocked_locally_answer": Row(
        BLOCKED_LOCALLY,
        FAIL,
        HIGH,
        "Accept established connections in this host's own firewall (input), and look at its"
        " reverse path filter (rp_filter): the answer of {address} to outbound {protocol} port"
        " {port} arrived here and was dropped.",
    ),
    "blocked_locally_in": Row(
        BLOCKED_LOCALLY,
        FAIL,
        MEDIUM,
        "Allow inbound {protocol} port {port} to {address}, an address of this host, in this"
        " host's own firewall (input, loopback).",
    ),
    # Names.
    "dns_unknown": Row(
        DNS_FAILED,
        FAIL,
        HIGH,
        "Correct the name {host} or add it to the DNS: the name servers say that it has no"
        " address, so outbound {protocol} port {port} has no destination.",
    ),
    "dns_silent": Row(
        DNS_FAILED,
        FAIL,
        MEDIUM,
        "Allow outbound UDP and TCP port 53 from this host to its name servers ({servers}), or"
        " correct them: nobody answers for {host}, so outbound {protocol} port {port} has no"
        " destination.",
    ),
    # Something else answered.
    "wrong_protocol": Row(
        WRONG_SERVICE,
        FAIL,
        HIGH,
        "Check which server or proxy answers outbound {protocol} port {port} at {address}:"
        " {service} was expected, and {spoken} answered.",
    ),
    "silent": Row(
        WRONG_SERVICE,
        FAIL,
        MEDIUM,
        "Check the service on {address} and proxies in between: outbound {protocol} port {port}"
        " accepts connections, but nothing answers as {service}.",
    ),
    "closed": Row(
        WRONG_SERVICE,
        FAIL,
        MEDIUM,
        "Check the service on {address} and content inspection in between: outbound {protocol}"
        " port {port} accepts connections and closes them before {service} answers.",
    ),
    "token_unanswered": Row(
        WRONG_SERVICE,
        FAIL,
        MEDIUM,
        "Give flow_listener on {address}, {protocol} port {port}, the same token and a peers"
        " list with {local}, or stop what else listens inbound there.",
    ),
    # A box that reads along, or wants to be asked.
    "tls_pin_differs": Row(
        TLS_INTERCEPTED,
        FAIL,
        HIGH,
        "Exempt outbound {protocol} port {port} to {address} from TLS inspection (its"
        " certificate, issued by {issuer}, is not the pinned one), or renew tls_pin if the"
        " operator changed the certificate.",
    ),
    "tls_known_inspector": Row(
        TLS_INTERCEPTED,
        FAIL,
        MEDIUM,
        "Exempt outbound {protocol} port {port} to {address} from TLS inspection: the"
        " certificate comes from {issuer}, which this host does not trust.",
    ),
    "proxy_login": Row(
        PROXY_REQUIRED,
        FAIL,
        HIGH,
        "Exempt outbound {protocol} port {port} to {address} from the proxy, or enter the proxy"
        " in the application: it asks for a login ({said}).",
    ),
    "proxy_page": Row(
        PROXY_REQUIRED,
        FAIL,
        MEDIUM,
        "Exempt outbound {protocol} port {port} to {address} from the web filter, proxy or"
        " captive portal that answered in its place ({said}).",
    ),
    # UDP without an answer.
    "no_answer": Row(
        NO_ANSWER,
        FAIL,
        MEDIUM,
        _ALLOW + " and back, and check that the {service} service runs there: no answer came.",
    ),
    "no_answer_expected": Row(
        NO_ANSWER,
        FAIL,
        LOW,
        _ALLOW
        + " and back, and prove it with flow_listener and service token: this service need not"
        " answer an unknown datagram.",
    ),
    # Not looked at.
    "no_endpoint": Row(
        NOT_PROBED,
        NONE,
        HIGH,
        "Name the endpoint for outbound {protocol} port {port} to have this flow probed.",
    ),
    "check_mode": Row(NOT_PROBED, NONE, HIGH),
    "error": Row(
        ERROR,
        FAIL,
        LOW,
        "Run the probe of outbound {protocol} port {port} to {address} again, and report the"
        " evidence if it stays.",
    ),
}
