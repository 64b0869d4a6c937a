# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the update server, and all of its mistakes at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError
from ansible_collections.legalops.timesensor.plugins.plugin_utils.update_server import vsftpd_config

SETTINGS = {
    "directory": "/srv/ftp",
    "file": "package.bin",
    "size": 1 << 30,
    "seed": "timesensor",
    "port": 21,
    "passive_ports": "",
    "passive_address": "",
    "ipv6": True,
    "chroot": "/run/empty",
}


def lines(**more: Any) -> set[str]:
    return set(vsftpd_config({**SETTINGS, **more}).splitlines())


def test_it_serves_anonymous_readers_from_port_21_and_20() -> None:
    assert lines() >= {
        "listen_ipv6=YES",
        "listen_port=21",
        "ftp_data_port=20",
        "connect_from_port_20=YES",
        "anon_root=/srv/ftp",
        "write_enable=NO",
        "local_enable=NO",
    }


def test_options_for_a_server_behind_nat_and_without_ipv6() -> None:
    found = lines(port=2121, passive_ports="40000-40100", passive_address="192.0.2.7", ipv6=False)
    assert found >= {
        "ftp_data_port=2120",
        "pasv_min_port=40000",
        "pasv_max_port=40100",
        "pasv_address=192.0.2.7",
        "listen=YES",
        "listen_ipv6=NO",
    }


def test_every_mistake_is_named_at_once() -> None:
    wrong = {
        "directory": "srv\nanon_upload_enable=YES",
        "file": "../passwd",
        "size": 1000,
        "seed": "",
        "port": "1",
        "passive_ports": "70000",
        "passive_address": "fd77::1",
    }
    with pytest.raises(InputError) as caught:
        vsftpd_config({**SETTINGS, **wrong})
    message = str(caught.value)
    for words in (
        "update_server_directory: 'srv\\nanon_upload_enable=YES' is not an absolute path",
        "update_server_directory: has a line break",
        "update_server_file: '../passwd' is not a file's name",
        "update_server_size: 1000 is not from",
        "update_server_seed: is empty",
        "update_server_port: 1 is not one port from 2 to 65535",
        "update_server_passive_ports: port 70000",
        "update_server_passive_address: 'fd77::1' is not an IPv4 address",
    ):
        assert words in message
