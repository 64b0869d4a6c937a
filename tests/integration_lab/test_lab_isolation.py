# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host reaches nothing of the machine: no service manager, no processes, no files, no clock."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from lab import Lab, Root

pytestmark = pytest.mark.lab

CONNECT = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("\\0" + sys.argv[1][1:] if sys.argv[1].startswith("@") else sys.argv[1])
"""


def test_there_is_no_systemd_and_no_dbus(shared_firm: Lab) -> None:
    for host in shared_firm.hosts.values():
        for path in ("/run/systemd", "/run/dbus", "/var/run/dbus/system_bus_socket"):
            assert not host.exists(path), f"{path} on {host.name}"
        assert host.sh("find / -xdev -type s; find /run /tmp /dev -type s") == ""


def test_sockets_of_the_machine_are_out_of_reach(shared_firm: Lab, tmp_path: Path) -> None:
    """Where this machine has no D-Bus, a server of our own stands for it: by path and abstract."""
    path = tmp_path / "bus"
    name = f"@lab-test-{os.getpid()}"
    server = shared_firm["server"]
    with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as abstract:
        by_path.bind(str(path))
        by_path.listen()
        abstract.bind("\0" + name[1:])
        abstract.listen()
        for address, error in ((str(path), "FileNotFoundError"), (name, "ConnectionRefusedError")):
            command = ["python3", "-c", CONNECT, address]
            subprocess.run(command, check=True)  # the machine itself can
            result = server.run(command)
            assert result.returncode == 1
            assert error in result.stderr


def test_the_machines_processes_are_invisible(shared_firm: Lab) -> None:
    server = shared_firm["server"]
    assert set(server.sh("cat /proc/[0-9]*/comm").split()) == {"lab:server", "sh"}
    assert server.run(["kill", "-0", str(os.getpid())]).returncode == 1
    assert server.sh("readlink /proc/1/root").strip() == "/"


def test_its_files_are_its_own(fresh_firm: Lab) -> None:
    root = Root().directory()
    before = sorted(os.listdir(root / "etc"))
    server = fresh_firm["server"]
    server.sh("echo x > /lab-escape; rm -r /etc/ssh; echo x >> /etc/passwd; rm /usr/bin/curl")
    assert not Path("/lab-escape").exists()
    assert sorted(os.listdir(root / "etc")) == before
    assert (root / "usr/bin/curl").exists()
    workstation = fresh_firm["workstation"]
    assert workstation.exists("/usr/bin/curl")
    assert not workstation.exists("/lab-escape")
    # Nothing of the machine is mounted but the scratch directory on disk.
    sources = {line.split()[0] for line in server.read("/proc/mounts").splitlines()}
    on_disk = [line for line in server.read("/proc/mounts").splitlines() if " /srv/lab " in line]
    assert sources - {on_disk[0].split()[0]} == {
        *("lab", "run", "tmp", "dev", "devpts", "shm", "sysfs", "proc"),
    }


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("date -s 2020-01-01", "Operation not permitted"),
        ("mknod /tmp/disk b 254 0", "Operation not permitted"),
        ("echo x > /proc/sys/kernel/hostname", "Read-only file system"),
        ("echo 1 > /proc/sys/vm/drop_caches", "Read-only file system"),
        ("echo x > /sys/power/state", "Read-only file system"),
        ("dmesg --clear", "Operation not permitted"),
    ],
)
def test_the_machines_own_settings_are_out_of_reach(
    shared_firm: Lab, script: str, error: str
) -> None:
    result = shared_firm["server"].run(["sh", "-c", script])
    assert result.returncode != 0
    assert error in result.stderr


def test_the_machines_network_is_out_of_reach(shared_firm: Lab) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        machine = _machine_address()
        for host in ("gateway", "outsider"):
            for address in ("127.0.0.1", machine):
                script = f"curl -sS -m 1 http://{address}:{port}/"
                assert shared_firm[host].run(["sh", "-c", script]).returncode in (7, 28)
        listener.settimeout(0.01)
        with pytest.raises(TimeoutError):
            listener.accept()


def _machine_address() -> str:
    done = subprocess.run(
        ["ip", "-o", "-4", "addr", "show", "scope", "global"],
        capture_output=True,
        text=True,
        check=True,
    )
    fields = done.stdout.split()
    return fields[3].partition("/")[0] if fields else "127.0.0.1"
