# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real download: ours, which verifies every byte, against clients that verify none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import (
    result_of,
)
from lab import Lab, package

from .figures import OURS, RATIO, Budget, Row, Usage, rotated
from .hosts import BenchHost, Effort, place_of, running
from .process import MeasurementFailed, run_in

MIB = 1 << 20
BIG, SMALL = 1024 * MIB, MIB
SEED = "bench"
CLIENT, SERVER = "client", "server"
_ENGINE = "ansible_collections.legalops.timesensor.plugins.module_utils._ftp"
_OURS = f"""
import json, sys
from {_ENGINE}.measure import measure
from {_ENGINE}.options import parse_options
json.dump(measure(parse_options(json.load(sys.stdin))), sys.stdout)
"""
# As its documentation shows it, with the block size that it has by itself.
_FTPLIB = """
import ftplib, sys
with ftplib.FTP(sys.argv[1]) as ftp:
    ftp.login()
    ftp.retrbinary("RETR " + sys.argv[2], lambda block: None)
"""


def rivals(server: str) -> dict[str, tuple[str, ...]]:
    """Return the rivals' commands, with NAME in the last word in the place of the file's name."""
    url = f"ftp://{server}"
    return {
        "curl": ("curl", "--silent", "--show-error", "--output", "/dev/null", f"{url}/NAME"),
        "wget": ("wget", "--quiet", "--output-document=/dev/null", f"{url}/NAME"),
        "lftp": ("lftp", "-c", f"open {url}; set xfer:clobber yes; get NAME -o /dev/null"),
        "ftplib": ("python3", "-c", _FTPLIB, server, "NAME"),
    }


def serve(lab: Lab, sizes: Mapping[str, int]) -> None:
    """Serve pattern files of these sizes in bytes from the server, by vsftpd."""
    lab.services.start("vsftpd", SERVER, xferlog_enable="NO")
    for name, size in sizes.items():
        package.write(lab[SERVER].disk / "ftp" / name, size, SEED)


def download(client: BenchHost, server: str, name: str, place: Path, **more: Any) -> Usage:
    """Download by our engine, verify every byte, and return what it took.

    Raises `MeasurementFailed` when the verdict is not ok.
    """
    options = {"host": server, "path": name, "seed": SEED, "verify": "pattern", **more}
    used, output = run_in(client.host, client.python_words(_OURS), place, json.dumps(options))
    result = result_of(json.loads(output))
    if result["verdict"] != "ok" or not result["verified"]:
        raise MeasurementFailed(f"ftp_path on {name}: {result['verdict']}: {result['evidence']}")
    return used


def measure(effort: Effort) -> list[Row]:
    """Download 1 GiB and 1 MiB by each client, in turn; the difference is what the bytes cost."""
    with running(effort, CLIENT, SERVER) as lab:
        client, server, place = BenchHost(lab[CLIENT]), lab[SERVER].address, place_of(lab)
        serve(lab, {"big": BIG, "small": SMALL})
        commands = rivals(server)

        def take(name: str, file: str) -> Usage:
            if name == "ours":
                return download(client, server, file, place)
            *words, last = commands[name]
            return run_in(client.host, [*words, last.replace("NAME", file)], place)[0]

        names = ["ours", *commands]
        for name in names:  # the programs and the file into the page cache
            take(name, "small")
        big: dict[str, list[Usage]] = {name: [] for name in names}
        small: dict[str, list[Usage]] = {name: [] for name in names}
        for turn in range(effort.rounds):
            for name in rotated(names, turn):
                big[name].append(take(name, "big"))
                small[name].append(take(name, "small"))
            effort.say(f"ftp: round {turn + 1} of {effort.rounds}")
    return _rows(big, small)


def _rows(big: Mapping[str, list[Usage]], small: Mapping[str, list[Usage]]) -> list[Row]:
    used = {
        name: [one.minus(other) for one, other in zip(big[name], small[name], strict=True)]
        for name in big
    }
    rows = []
    for rival in big:
        if rival == "ours":
            continue
        first = rival == "curl"
        rows += [
            Row(
                "ftp_path, 1 GiB - 1 MiB: CPU",
                "s",
                tuple(usage.cpu for usage in used["ours"]),
                tuple(usage.cpu for usage in used[rival]),
                rival,
                Budget(RATIO, 0.85) if first else None,
            ),
            Row(
                "ftp_path, 1 GiB - 1 MiB: wall",
                "s",
                tuple(usage.wall for usage in used["ours"]),
                tuple(usage.wall for usage in used[rival]),
                rival,
                Budget(RATIO, 1.0) if first else None,
            ),
            Row(
                "ftp_path, 1 GiB: memory",
                "MiB",
                tuple(usage.rss_mib or 0.0 for usage in big["ours"]),
                tuple(usage.rss_mib or 0.0 for usage in big[rival]),
                rival,
                Budget(OURS, 40) if first else None,
                decimals=1,
            ),
        ]
    for what, runs in (("1 GiB", big), ("1 MiB", small)):
        rows.append(
            Row(
                f"ftp_path, {what} with start-up: CPU",
                "s",
                tuple(usage.cpu for usage in runs["ours"]),
                tuple(usage.cpu for usage in runs["curl"]),
                "curl",
            )
        )
    return rows
