# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How strangers give themselves away: data only, so that a new product or protocol is one line."""

from __future__ import annotations

import re

# Names in the issuer of certificates that TLS inspection makes on the fly (the products' default
# CA names).
_INTERCEPTORS = (
    "Fortinet",
    "FortiGate",
    "Sophos",
    "Cyberoam",
    "Zscaler",
    "Palo Alto Networks",
    "Check Point",
    "Cisco Umbrella",
    "Blue Coat",
    "Bluecoat",
    "Symantec Web Security",
    "WatchGuard",
    "SonicWall",
    "SonicWALL",
    "Barracuda",
    "McAfee Web Gateway",
    "Skyhigh",
    "Forcepoint",
    "Websense",
    "Netskope",
    "Trend Micro",
    "Kaspersky",
    "ESET SSL Filter",
    "Avast",
    "AVG Web/Mail Shield",
    "Bitdefender",
    "Untangle",
    "Smoothwall",
    "Endian",
    "Securepoint",
    "Lancom",
    "Clavister",
    "Stormshield",
    "Squid",
    "mitmproxy",
    "OPNsense",
    "pfSense",
)
_INTERCEPTOR = re.compile("|".join(re.escape(name) for name in _INTERCEPTORS), re.IGNORECASE)

# Headers that only a forward proxy or a gateway adds to an answer; Via is not among them, because
# every CDN adds it.
_PROXY_HEADERS = (
    "proxy-authenticate",
    "proxy-connection",
    "x-squid-error",
    "x-bluecoat-via",
    "x-zscaler",
    "x-iwsvc",
)
_PROXY_SERVERS = re.compile(
    r"squid|bluecoat|proxysg|zscaler|fortiproxy|forticlient|fortigate|sophos|mcafee|websense|"
    r"ironport|barracuda|mwg|skyhigh|netskope|watchguard|sonicwall|privoxy|tinyproxy|e2guardian|dansguardian",
    re.IGNORECASE,
)
# Where captive portals and block pages send a browser.
_PORTAL_PLACES = re.compile(
    r"fgtauth|captive|hotspot|/blocked|blockpage|block\.html|warning\.html|webauth|guestportal|cfauth|userportal",
    re.IGNORECASE,
)

# First bytes of protocols, to say what answered instead. The order matters: FTP and SMTP share
# "220".
_PROTOCOLS = (
    (re.compile(rb"^HTTP/\d"), "HTTP"),
    (re.compile(rb"^SSH-\d"), "SSH"),
    (re.compile(rb"^[\x14-\x17]\x03[\x00-\x04]"), "TLS"),
    (re.compile(rb"^\* (OK|PREAUTH|BYE)", re.IGNORECASE), "IMAP"),
    (re.compile(rb"^(\+OK|-ERR)"), "POP3"),
    (re.compile(rb"^(220|421|554)[ -].*SMTP", re.IGNORECASE | re.DOTALL), "SMTP"),
    (re.compile(rb"^(220|421|530)[ -].*FTP", re.IGNORECASE | re.DOTALL), "FTP"),
    (re.compile(rb"^\d{3}[ -]"), "a protocol with three-digit replies, such as FTP or SMTP"),
    (re.compile(rb"^\s*<(!doctype|html)", re.IGNORECASE), "an HTML page without HTTP"),
    (re.compile(rb"^RFB \d"), "VNC"),
    (re.compile(rb"^.{4}\x0a[\d.]+", re.DOTALL), "MySQL"),
)


def interceptor(issuer: str) -> str:
    """Return the name of the TLS inspection product that `issuer` looks like, or an empty
    string."""
    match = _INTERCEPTOR.search(issuer)
    return match.group(0) if match else ""


def proxy_marks(headers: dict[str, str]) -> list[str]:
    """Return the headers (lower-case names) that only a proxy adds, as C(name: value)."""
    marks = [f"{name}: {value}" for name, value in headers.items() if name in _PROXY_HEADERS]
    if _PROXY_SERVERS.search(headers.get("server", "")):
        marks.append(f"server: {headers['server']}")
    return marks


def is_portal(location: str) -> bool:
    """Tell whether a redirect leads to a login or block page of a gateway."""
    return _PORTAL_PLACES.search(location) is not None


def protocol_of(data: bytes) -> str:
    """Return the name of the protocol that `data` opens, or an empty string."""
    for pattern, name in _PROTOCOLS:
        if pattern.match(data):
            return name
    return ""
