# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's apt configuration tells where the lab's root comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import mirrors
from lab.mirrors import DEBIAN, SECURITY, Mirrors

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb-src http://sources.example/debian bookworm main
deb https://packages.example/other stable-tool main
deb [arch=amd64 signed-by=/etc/k.gpg] http://mirror.example/debian/ bookworm main contrib
deb http://mirror.example/debian bookworm-updates main
deb http://sec.example/debian-security/ bookworm-security main
deb http://second.example/debian bookworm main
"""
DEB822 = """\
# Managed by cloud-init
Types: deb
URIs: http://off.example/debian
Suites: trixie
Enabled: no

Types: deb deb-src
# an old mirror
URIs: https://mirror.example/debian/
Suites: trixie
 trixie-updates
Components: main

Types: deb-src
URIs: https://sources.example/debian-security
Suites: trixie-security

Types: deb
URIs: https://sec.example/debian-security
Suites: trixie-security
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


@pytest.mark.parametrize(
    ("text", "parse", "expected"),
    [
        (
            ONE_LINE,
            mirrors.parse_one_line,
            Mirrors("http://mirror.example/debian", "http://sec.example/debian-security"),
        ),
        (
            DEB822,
            mirrors.parse_deb822,
            Mirrors("https://mirror.example/debian", "https://sec.example/debian-security"),
        ),
        ("deb http://old.example/debian buster main\n", mirrors.parse_one_line, None),
        ("deb http://security.debian.org buster/updates main\n", mirrors.parse_one_line, None),
        ("deb http://archive.ubuntu.example/ubuntu noble main\n", mirrors.parse_one_line, None),
        ("", mirrors.parse_deb822, None),
    ],
)
def test_the_first_mirror_of_debian_is_taken(
    text: str, parse: object, expected: Mirrors | None
) -> None:
    assert callable(parse)
    if expected is None:
        debian = "http://old.example/debian" if "old.example" in text else DEBIAN
        security = "http://security.debian.org" if "buster/updates" in text else SECURITY
        expected = Mirrors(debian, security)
    assert mirrors.choose(parse(text)) == expected


def test_a_repository_that_is_not_debian_is_passed_over() -> None:
    entries = [("https://packages.example/tool", "stable-tool"), ("http://m.example/d", "bookworm")]
    assert mirrors.choose(entries).debian == "http://m.example/d"


def test_both_styles_are_read_from_disk(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d/off.list.disabled").write_text(ONE_LINE)
    assert mirrors.of_machine(tmp_path).debian == "https://mirror.example/debian"
    (tmp_path / "sources.list").write_text("deb http://first.example/debian stable main\n")
    assert mirrors.of_machine(tmp_path).debian == "http://first.example/debian"


def test_sources_of_a_root() -> None:
    assert Mirrors("http://m", "http://s").sources_list("bookworm") == (
        "deb http://m bookworm main\n"
        "deb http://m bookworm-updates main\n"
        "deb http://s bookworm-security main\n"
    )


def test_the_proxy_is_handed_to_wget() -> None:
    settings = [
        'Acquire::http::Proxy "http://proxy.example:3128";',
        'Acquire::https::Proxy "DIRECT";',
        'Acquire::http::Proxy::direct.example "DIRECT";',
    ]
    assert mirrors.proxy_environment(settings) == {"http_proxy": "http://proxy.example:3128"}
