# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ftp_path and test_package as a user runs them: through Ansible, with the progress on the
terminal.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration_lab.flow_hosts import ROOT
from integration_lab.ftp_hosts import SEED, FtpFirm

FILE = "package.bin"
SIZE = 16 << 20
PASSWORD = "hunter2-secret"
ANSIBLE = Path(sys.executable).with_name("ansible-playbook")


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpFirm]:
    firm = FtpFirm(tmp_path_factory.mktemp("ftp"))
    try:
        firm.pattern_file(FILE, SIZE)
        yield firm
    finally:
        firm.close()


class Play:
    """One task on the client, over the local connection, with temporary files in `place`."""

    def __init__(self, firm: FtpFirm, place: Path) -> None:
        self._firm = firm
        self.place = place
        self.temporary = place / "tmp"
        self.temporary.mkdir()

    def command(self, module: str, arguments: dict[str, Any], *more: str) -> list[str]:
        task = {f"legalops.timesensor.{module}": arguments, "register": "found"}
        keep = {"ansible.builtin.copy": {"content": "{{ found }}", "dest": str(self.place / "out")}}
        play = {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [task, {**keep, "check_mode": False}],
        }
        (self.place / "play.json").write_text(json.dumps([play]))
        options = ("-i", "ws,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}")
        return self._firm.client.enter(str(ANSIBLE), *options, *more, str(self.place / "play.json"))

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_LOCAL_TEMP": str(self.place / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.place / "remote"),
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "TMPDIR": str(self.temporary),
        }

    def run(self, module: str, arguments: dict[str, Any], *more: str) -> tuple[str, dict[str, Any]]:
        done = subprocess.run(
            self.command(module, arguments, *more),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        output = done.stdout + done.stderr
        found = self.place / "out"
        return output, json.loads(found.read_text()) if found.exists() else {}

    def leftovers(self) -> list[str]:
        return [path.name for path in self.temporary.iterdir() if path.name.startswith("legalops")]

    def download(self, **more: Any) -> dict[str, Any]:
        host = self._firm.server_address
        return {"host": host, "path": FILE, "seed": SEED, "password": PASSWORD, **more}


@pytest.fixture
def play(firm: FtpFirm) -> Iterator[Play]:
    firm.reset()
    firm.serve_ftp("anon_max_rate=4000000")
    # Ansible makes a socket in its temporary directory, and a socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="play-") as place:
        yield Play(firm, Path(place))


def progress_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("[ws] ftp_path ")]


def test_the_terminal_shows_progress_and_the_result_is_whole(play: Play) -> None:
    output, found = play.run("ftp_path", play.download(), "-vvv")
    lines = progress_lines(output)
    assert 1 <= len(lines) <= 12, output
    assert "of 16 MiB, " in lines[0]
    assert " Mbit/s" in lines[0]
    assert (found["ok"], found["verdict"], found["verified"]) == (True, "ok", True)
    assert found["bytes"] == SIZE
    assert found["changed"] is False
    assert "job" not in found
    assert "observation" not in found
    assert play.leftovers() == []
    assert PASSWORD not in output
    assert PASSWORD not in json.dumps(found)


@pytest.mark.parametrize("password", ["ftp", "1", "eof"])
@pytest.mark.parametrize("progress", ["on", "off"])
def test_no_password_changes_the_result(
    firm: FtpFirm, play: Play, password: str, progress: str
) -> None:
    """Ansible masks a secret in all that a module returns; ours must not judge what was masked."""
    firm.serve_ftp()
    options = ("-vvv", "-e", f"timesensor_progress={progress}")
    output, found = play.run("ftp_path", play.download(password=password), *options)
    assert (found["verdict"], found["verified"]) == ("ok", True), output
    assert f'"password": "{password}"' not in output
    assert play.leftovers() == []


def test_progress_can_be_turned_off(play: Play) -> None:
    output, found = play.run("ftp_path", play.download(), "-e", "timesensor_progress=off")
    assert progress_lines(output) == []
    assert found["verdict"] == "ok"


def test_check_mode_sends_nothing(firm: FtpFirm, play: Play) -> None:
    # The kernel itself solicits routers and neighbours (RFC 4861) and reports groups whenever it
    # likes; no module sends those.
    kernels_own = "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert,"
    counter = (
        "table inet count {\n chain out {\n type filter hook output priority 0\n"
        f" {kernels_own} mld2-listener-report }} accept\n counter\n }}\n}}"
    )
    firm.client.nft(counter)
    _output, found = play.run("ftp_path", play.download(), "--check")
    assert found["skipped"] is True
    assert (found["ok"], found["verdict"], found["status"]) == (False, "not_probed", "none")
    assert "packets 0 " in firm.client.run("nft", "list", "ruleset")


def test_bad_input_fails_with_all_mistakes(play: Play) -> None:
    output, _found = play.run("ftp_path", play.download(port=0, protocol="ftps", checksum="x"))
    assert "3 mistakes in the input" in output
    for field in ("port: 0 is not", "protocol: ftps is not there yet", "checksum: 'x' is not"):
        assert field in output


def test_a_blocked_path_does_not_fail_the_task(firm: FtpFirm, play: Play) -> None:
    firm.router.nft(
        "table inet f {\n chain f {\n type filter hook forward priority 0; policy drop\n"
        " ct state established accept\n tcp dport 21 accept\n }\n}"
    )
    output, found = play.run("ftp_path", play.download(connect_timeout=1))
    assert "failed=0" in output
    assert found["verdict"] == "passive_data_blocked"
    assert "AND assign it to TCP port 21" in found["fix"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_play_ends_the_download(firm: FtpFirm, play: Play, how: int) -> None:
    firm.serve_ftp("anon_max_rate=200000")
    process = subprocess.Popen(
        play.command("ftp_path", play.download()),
        env=play.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: bool(play.leftovers()) and transfers(firm) > 0, 30)
    job = play.temporary / play.leftovers()[0]
    assert job.stat().st_mode & 0o777 == 0o700
    time.sleep(1)
    for path in job.iterdir():
        assert PASSWORD not in path.read_text()
    assert PASSWORD not in command_lines()
    os.killpg(process.pid, how)
    process.wait(timeout=30)
    wait_until(lambda: not play.leftovers() and transfers(firm) == 0, 40)


def transfers(firm: FtpFirm) -> int:
    """Count the client's connections to the server."""
    shown = firm.client.run("ss", "-Htn", "state", "established", "dst", firm.server_address)
    return len(shown.splitlines())


def command_lines() -> str:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return "\n".join(found)


def wait_until(condition: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def test_test_package(play: Play) -> None:
    path = play.place / "p.bin"
    arguments = {"path": str(path), "size": 1 << 20}
    output, found = play.run("test_package", arguments, "--check", "--diff")
    assert found["changed"] is True
    assert "+size: 1048576" in output
    assert not path.exists()
    _output, found = play.run("test_package", arguments)
    assert found["changed"] is True
    assert len(found["sha256"]) == 64
    assert play.run("test_package", arguments)[1]["changed"] is False
    output, _found = play.run("test_package", {"path": "p", "size": 5})
    assert "2 mistakes in the input" in output
    assert play.run("test_package", {**arguments, "state": "absent"})[1]["changed"] is True
    assert not path.exists()
