# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with systemd as their first process: they boot, are reached by SSH, reboot, and leave
nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Host, Lab, Root, booted, cgroups, firm, linux, machine, rundir, wait_for
from lab.machine import Machine
from lab.root import BOOTED_ROOTS

pytestmark = pytest.mark.lab

TESTS = Path(__file__).resolve().parents[1]
SUITES = tuple(BOOTED_ROOTS)
VICTIM = """
import time
from lab import Lab, firm
with Lab(firm(booted=("server", "gateway"))) as lab:
    lab["server"].sh("systemd-run --quiet sleep 1000")
    print(lab.run_dir, lab._keeper.pid, lab["server"].pid, flush=True)
    time.sleep(1000)
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run dirs of our own, so that labs of other people on this machine are not counted."""
    roots = [root.path(print) for root in (Root(), *BOOTED_ROOTS.values())]
    cache = tmp_path / "cache"
    cache.mkdir()
    for root in roots:
        (cache / root.name).symlink_to(root)
    monkeypatch.setenv("TIMESENSOR_LAB_CACHE", str(cache))


@pytest.fixture(params=SUITES)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A firm whose gateway boots."""
    with Lab(firm(booted=("gateway",), suite=request.param)) as running:
        yield running


def ssh(lab: Lab, name: str, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        booted.ssh_argv(lab.run_dir, name, command),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def in_a_unit(host: Host, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script as what systemd starts: with systemd's capabilities and not with those of the
    lab's own way in."""
    return host.run(["systemd-run", "--quiet", "--pipe", "--wait", "sh", "-c", script])


def our_cgroups() -> list[Path]:
    mount = cgroups.machines_mount()
    assert mount is not None
    return [
        Path(parent, name)
        for parent, names, _unused in os.walk(mount)
        for name in names
        if name.startswith("timesensor-lab-")
    ]


def of_this_process() -> list[str]:
    own = f"timesensor-lab-{os.getpid()}-"
    return [path.name for path in our_cgroups() if path.name.startswith(own)]


def test_it_boots_and_loads_the_administrators_rules(lab: Lab) -> None:
    gateway = lab["gateway"]
    assert booted.failed_units(gateway) == []
    assert gateway.sh("systemctl is-system-running").strip() == "running"
    assert gateway.spec.boots in gateway.read("/etc/os-release")
    assert "policy drop" in gateway.ruleset()
    assert gateway.read("/proc/1/comm") == "systemd\n"


def test_ssh_passes_the_hosts_own_firewall(lab: Lab) -> None:
    seen = ssh(lab, "gateway", "echo $SSH_CONNECTION; sudo id -u")
    assert seen.returncode == 0, seen.stderr
    source, _unused, target, port, uid = seen.stdout.split()
    assert (source, target, port, uid) == ("10.77.0.5", "10.77.0.1", "22", "0")
    lab["gateway"].nft(
        "table inet test {\nchain input {\ntype filter hook input priority 0;\n"
        "tcp dport 22 reject with tcp reset\n}\n}\n"
    )
    seen = ssh(lab, "gateway", "true")
    assert seen.returncode == 255
    assert "no connection from admin to 10.77.0.1: [Errno 111] Connection refused" in seen.stderr


def test_ansible_becomes_root_over_ssh(lab: Lab) -> None:
    variables = json.loads(lab.inventory().read_text())["all"]["hosts"]
    assert variables["gateway"]["ansible_connection"] == "ansible.builtin.ssh"
    assert "ansible_connection" not in variables["server"]
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("ansible")), "gateway", "-i"),
            *(str(lab.inventory()), "-m", "ansible.builtin.command", "-a", "id -un"),
        ],
        env={**os.environ, **lab.ansible_env(), "ANSIBLE_HOME": str(lab.run_dir / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "root"


@pytest.mark.parametrize("in_order", [False, True], ids=["power cut", "systemctl reboot"])
def test_files_and_enabled_units_outlive_a_reboot_and_nothing_else(
    lab: Lab, in_order: bool
) -> None:
    gateway = lab["gateway"]
    former = gateway.pid
    assert ssh(lab, "gateway", "true").returncode == 0
    machine_id = gateway.read("/etc/machine-id")
    gateway.nft("table inet by_hand {\n}\n")
    gateway.sh("echo kept > /usr/kept; rm /etc/debian_version; echo lost > /run/lost; sync")
    lab.reboot("gateway", in_order=in_order)
    assert gateway.pid != former
    assert gateway.read("/usr/kept") == "kept\n"
    assert not any(map(gateway.exists, ("/etc/debian_version", "/run/lost")))
    assert "firm_filter" in gateway.ruleset()
    assert "by_hand" not in gateway.ruleset()
    assert gateway.read("/etc/machine-id") == machine_id
    # As after a real one: the neighbours still know the address of the interface.
    assert ssh(lab, "gateway", "true").returncode == 0


def test_a_host_that_reboots_itself_comes_back_and_one_that_is_switched_off_does_not(
    lab: Lab,
) -> None:
    gateway = lab["gateway"]
    assert lab.tend() == []
    assert ssh(lab, "gateway", "sudo systemctl reboot").returncode in (0, 255)
    wait_for(lambda: not gateway.alive(), 20, "the gateway did not reboot")
    assert lab.tend() == ["gateway"]
    assert ssh(lab, "gateway", "true").returncode == 0
    gateway.sh("systemctl --no-block poweroff")
    wait_for(lambda: not gateway.alive(), 20, "the gateway did not go down")
    assert lab.tend() == ["gateway"]
    assert not gateway.alive()
    assert lab.tend() == []
    assert of_this_process() == []


def test_it_sees_nothing_of_the_machine(lab: Lab) -> None:
    gateway = lab["gateway"]
    groups = in_a_unit(gateway, "cat /proc/self/cgroup; find /sys/fs/cgroup -name 'timesensor*'")
    assert "0::/system.slice/run-" in groups.stdout
    assert "timesensor" not in groups.stdout
    assert gateway.sh("cat /proc/1/cgroup").splitlines()[-1] == "0::/init.scope"
    # Its bus and service manager are its own.
    assert (
        gateway.sh("busctl call org.freedesktop.systemd1 / org.freedesktop.DBus.Peer GetMachineId")
        .split()[1]
        .strip('"')
        == gateway.read("/etc/machine-id").strip()
    )
    kinds = {line.split()[2] for line in gateway.read("/proc/mounts").splitlines()}
    assert kinds - {"overlay", "tmpfs", "proc", "sysfs", "cgroup2", "devpts", "mqueue"} <= {
        *("hugetlbfs", "ramfs"),
        # The scratch directory is on the machine's disk.
        next(
            line.split()[2]
            for line in gateway.read("/proc/mounts").splitlines()
            if " /srv/lab " in line
        ),
    }


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("date -s @$(date +%s)", "Operation not permitted"),
        ("mknod /tmp/disk b 254 0", "Operation not permitted"),
        ("echo 1 > /proc/sys/vm/drop_caches", "Read-only file system"),
        ("echo x > /sys/power/state", "Read-only file system"),
        ("dmesg --console-on", "Operation not permitted"),
        ("chmod 600 /dev/null; stat -c %a /dev/null >&2", "600"),
    ],
)
def test_its_services_cannot_reach_the_machines_settings(script: str, error: str) -> None:
    before = os.stat("/dev/null")
    with Lab(firm(booted=("server",))) as lab:
        result = in_a_unit(lab["server"], script)
    assert error in result.stderr
    assert os.stat("/dev/null").st_mode == before.st_mode


def test_the_machine_is_the_same_before_during_and_after() -> None:
    before = Machine.now()
    with Lab(firm(booted=("server", "gateway"))) as lab:
        assert machine.difference(before, Machine.now()) == {}
        assert len(of_this_process()) == 2
        lab.reboot("server")
        assert len(of_this_process()) == 2
        run_dir = lab.run_dir
    assert machine.difference(before, Machine.now()) == {}
    assert of_this_process() == []
    assert not run_dir.exists()


def test_kill_9_of_its_first_process_ends_that_host_only() -> None:
    with Lab(firm(booted=("server", "gateway"))) as lab:
        processes = lab["server"].processes()
        os.kill(lab["server"].pid, signal.SIGKILL)
        wait_for(lambda: not lab["server"].alive(), 5, "the server lives on")
        wait_for(lambda: not any(map(linux.start_time, processes)), 5, "its processes live on")
        assert lab["gateway"].alive()
        # The power is back.
        assert lab.tend() == ["server"]
        assert ssh(lab, "server", "true").returncode == 0


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[str]]:
    """A process with a lab of its own; it has printed run dir, keeper and a host when it is used.

    Without an answer to kill -9 the lab must end all the same when the test fails.
    """
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("victims", [("lab",), ("keeper",), ("keeper", "lab"), ("host", "lab")])
def test_kill_9_leaves_nothing(victim: subprocess.Popen[str], victims: tuple[str, ...]) -> None:
    before = Machine.now()
    assert victim.stdout is not None
    run_dir, keeper, host = victim.stdout.readline().split()
    pids = {"lab": victim.pid, "keeper": int(keeper), "host": int(host)}
    processes = {pid: linux.start_time(pid) for pid in linux.descendants(victim.pid)}
    assert len([path for path in our_cgroups() if Path(run_dir).name in path.name]) == 2
    if victims == ("keeper", "lab"):
        os.kill(pids["keeper"], signal.SIGSTOP)  # it must not tidy up between the two
    for name in reversed(victims):
        os.kill(pids[name], signal.SIGKILL)
    if "lab" not in victims:
        victim.terminate()
    victim.wait()
    wait_for(
        lambda: all(linux.start_time(pid) != start for pid, start in processes.items()),
        10,
        "the lab's processes did not end",
    )
    if "keeper" in victims:  # nobody is left to do it; each new lab begins with it
        assert rundir.remove_stale() == [Path(run_dir)]
    wait_for(lambda: not Path(run_dir).exists(), 5, "the run dir was not removed")
    assert [path for path in our_cgroups() if Path(run_dir).name in path.name] == []
    assert machine.difference(before, Machine.now()) == {}


def test_two_labs_side_by_side_do_not_see_each_other() -> None:
    with (
        Lab(firm(booted=("server",))) as one,
        Lab(firm(booted=("server",), suite="trixie")) as two,
    ):
        for lab, suite in ((one, "bookworm"), (two, "trixie")):
            assert suite in ssh(lab, "server", "cat /etc/os-release").stdout
        one.reboot("server")
        one.close()
        assert ssh(two, "server", "true").returncode == 0
