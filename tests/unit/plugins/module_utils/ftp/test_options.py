# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ftp_path: all mistakes at once, and the defaults that follow from others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.options import (
    find_problems,
    parse_options,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import InputError

GOOD: dict[str, Any] = {"host": "update.vendor.test", "path": "p.bin"}


def test_defaults() -> None:
    options = parse_options(GOOD)
    assert (options.port, options.user, options.mode) == (21, "anonymous", "auto")
    assert (options.stall_timeout, options.connect_timeout, options.reply_timeout) == (30, 10, 60)
    assert options.deadline is None
    assert options.diagnose is True


@pytest.mark.parametrize(
    ("more", "verify"),
    [
        ({}, "none"),
        ({"seed": "s"}, "pattern"),
        ({"checksum": "A" * 64}, "sha256"),
        ({"checksum": "sha256:" + "a" * 64, "seed": "s"}, "pattern"),
        ({"seed": "s", "verify": "none"}, "none"),
    ],
)
def test_verify_follows_from_what_is_given(more: dict[str, Any], verify: str) -> None:
    options = parse_options({**GOOD, **more})
    assert options.verify == verify
    assert options.digest in (None, "a" * 64)


def test_every_mistake_is_reported_at_once() -> None:
    bad = {
        "host": "bad host",
        "port": 70000,
        "path": "a\r\nDELE b",
        "user": "x\ny",
        "password": "secret\r",
        "checksum": "md5:1",
        "verify": "pattern",
        "max_bytes": 0,
        "min_mbit": -1.0,
        "deadline": float("nan"),
        "stall_timeout": 0.0,
        "protocol": "sftp",
    }
    with pytest.raises(InputError) as caught:
        parse_options(bad)
    text = caught.value.message
    assert text.startswith("12 mistakes in the input, nothing was sent:")
    for field in bad:
        assert f"\n  - {field}: " in text
    assert "sftp is not there yet" in text
    assert "secret" not in text


@pytest.mark.parametrize("host", ["10.0.0.1", "fd00::1", "[fd00::1]", "fe80::1%eth0", "a.b"])
def test_hosts(host: str) -> None:
    assert parse_options({**GOOD, "host": host}).host == host.strip("[]")


@pytest.mark.parametrize("host", ["", " ", None, 5, "10.0.0.0/8", "10.0.0.256", "a_b!"])
def test_no_hosts(host: Any) -> None:
    assert [problem.where for problem in find_problems({**GOOD, "host": host})] == ["host"]


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(parse_options({**GOOD, "password": "hunter2"}))
