# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab comes up quickly, goes without a trace whatever ends it, and stands beside another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import Lab, LabError, Root, firm, linux, machine, rundir, wait_for
from lab.machine import Machine

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("own_cache")]

TESTS = Path(__file__).resolve().parents[1]
VICTIM = """
import sys, time
from lab import Lab, firm
with Lab(firm()) as lab:
    lab["update"].sh("mkdir -p /srv/lab/ftp; head -c 5000000 /dev/zero > /srv/lab/ftp/package.bin")
    lab.services.start("vsftpd", "update")
    lab["server"].popen(["sleep", "1000"])
    print(lab.run_dir, lab._keeper.pid, *(host.pid for host in lab.hosts.values()), flush=True)
    time.sleep(1000)
"""


def start_victim() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", VICTIM],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )


def ready(victim: subprocess.Popen[str]) -> tuple[Path, list[int]]:
    assert victim.stdout is not None
    run_dir, *pids = victim.stdout.readline().split()
    return Path(run_dir), [int(pid) for pid in pids]


def of_lab(pid: int) -> list[int]:
    """Keeper and first processes of all hosts of the labs of one process, by their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"lab.keeper" in words and str(pid).encode() in words:
                found.append(int(entry.name))
    return found


def all_below(pid: int) -> dict[int, str | None]:
    return {child: linux.start_time(child) for child in linux.descendants(pid)}


def all_gone(processes: dict[int, str | None]) -> bool:
    return all(linux.start_time(pid) != start for pid, start in processes.items())


def net_namespaces() -> set[str]:
    """All network namespaces that a process lives in, by inode."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.add(os.readlink(entry / "ns/net"))
            except OSError:
                continue
    return found


def assert_same_as(before: Machine) -> None:
    assert machine.difference(before, Machine.now()) == {}


def test_a_firm_is_up_in_well_under_three_seconds() -> None:
    Root().path(print)
    started = time.monotonic()
    with Lab(firm()) as lab:
        seconds = time.monotonic() - started
        assert set(lab.hosts) == {
            *("workstation", "server", "gateway", "update", "licence", "mail", "datacentre"),
            "outsider",
        }
        assert seconds < 3
        for name, host in lab.hosts.items():
            assert host.sh("hostname").strip() == name


def test_the_machine_is_the_same_before_during_and_after() -> None:
    before = Machine.now()
    with Lab(firm()) as lab:
        assert_same_as(before)
        namespaces = {os.readlink(f"/proc/{pid}/ns/net") for pid in of_lab(os.getpid())}
        # The keeper's is the machine's own; one for each host, and the wire.
        assert len(namespaces) == 1 + len(lab.hosts) + 1
        run_dir = lab.run_dir
        processes = all_below(os.getpid())
        del processes[os.getpid()]
        assert len(processes) >= len(lab.hosts) + 2
    assert_same_as(before)
    assert namespaces & net_namespaces() == {os.readlink("/proc/self/ns/net")}
    assert all_gone(processes)
    assert not run_dir.exists()


def test_kill_9_of_the_lab_leaves_nothing() -> None:
    before = Machine.now()
    victim = start_victim()
    run_dir, pids = ready(victim)
    processes = all_below(victim.pid)
    assert set(pids) < set(processes)
    # The server and its sleep, too, not only the hosts' first processes.
    assert len(processes) > len(pids) + 3
    victim.kill()
    victim.wait()
    wait_for(lambda: all_gone(processes), 5, "the lab's processes did not end")
    wait_for(lambda: not run_dir.exists(), 5, "the run dir was not removed")
    assert of_lab(victim.pid) == []
    assert_same_as(before)


def test_kill_9_of_lab_and_keeper_leaves_a_run_dir_that_the_next_lab_removes() -> None:
    before = Machine.now()
    victim = start_victim()
    run_dir, pids = ready(victim)
    processes = all_below(victim.pid)
    os.kill(pids[0], signal.SIGSTOP)  # the keeper cannot tidy up between the two
    victim.kill()
    victim.wait()
    os.kill(pids[0], signal.SIGKILL)
    wait_for(lambda: all_gone(processes), 5, "the lab's processes did not end")
    assert (run_dir / "disk/update/ftp/package.bin").stat().st_size == 5_000_000
    with Lab(firm()):
        assert not run_dir.exists()
    assert_same_as(before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killed_at_any_moment_of_its_start_it_leaves_nothing(number: signal.Signals) -> None:
    before = Machine.now()
    for delay in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3):
        victim = start_victim()
        time.sleep(delay)
        victim.send_signal(number)
        victim.wait()
        assert victim.stdout is not None
        victim.stdout.close()
        pid = victim.pid
        wait_for(lambda pid=pid: not of_lab(pid), 5, f"hosts are left after {delay} s")  # type: ignore[misc]
    # What died before there was a keeper to clean up after it, the next lab removes.
    rundir.remove_stale()
    wait_for(lambda: not list(rundir.runs_dir().glob("lab-*")), 5, "run dirs are left")
    assert_same_as(before)


def test_a_host_comes_back_while_the_kernel_still_has_its_former_network() -> None:
    """It takes a network down some time after its last process has ended."""
    with Lab(firm()) as lab, open(f"/proc/{lab['server'].pid}/ns/net"):
        lab.reboot("server")
        lab["server"].run(["ping", "-c", "1", "-W", "2", lab["gateway"].address], check=True)


def test_two_labs_side_by_side_do_not_see_each_other() -> None:
    with Lab(firm(forward="accept")) as one, Lab(firm(forward="accept")) as two:
        assert one["server"].addresses == two["server"].addresses
        one["licence"].sh("mkdir -p /srv/lab/www; echo one > /srv/lab/www/name")
        two["licence"].sh("mkdir -p /srv/lab/www; echo two > /srv/lab/www/name")
        for lab in (one, two):
            lab.services.start("nginx", "licence")
        for lab, name in ((one, "one"), (two, "two")):
            fetched = lab["workstation"].sh("curl -sS -m 5 http://licence.vendor.test/name")
            assert fetched.strip() == name
        one.close()
        assert two["workstation"].sh("curl -sS -m 5 http://licence.vendor.test/name") == "two\n"
        assert len(rundir.running()) == 1


def test_a_host_that_is_gone_says_so_instead_of_running_things_elsewhere() -> None:
    with Lab(firm()) as lab:
        server = lab["server"]
    with pytest.raises(LabError, match="host server is not running any more"):
        server.run(["true"])


def test_a_command_that_takes_too_long_does_not_live_on(shared_firm: Lab) -> None:
    server = shared_firm["server"]
    with pytest.raises(LabError, match=r"server: 'sleep 987' was killed after 0\.3 s"):
        server.run(["sleep", "987"], timeout=0.3)
    wait_for(lambda: not server.processes(), 5, "the command lives on")


def test_signals_reach_the_command_itself(shared_firm: Lab) -> None:
    script = "trap 'echo told; exit 7' TERM; echo up; while :; do sleep 0.01; done"
    process = shared_firm["server"].popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=None, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.terminate()
    assert process.communicate(timeout=5)[0] == "told\n"
    assert process.returncode == 7


def test_a_failing_command_shows_what_it_said(shared_firm: Lab) -> None:
    with pytest.raises(LabError, match=r"server: .*ended with rc 3\nout\nerr"):
        shared_firm["server"].sh("echo out; echo err >&2; exit 3")


def test_files_keep_content_and_mode_and_links_are_the_hosts_own(shared_firm: Lab) -> None:
    server = shared_firm["server"]
    server.write("/etc/lab-test/deep/file", b"\x00\xff", 0o640)
    assert server.read_bytes("/etc/lab-test/deep/file") == b"\x00\xff"
    assert server.sh("stat -c %a /etc/lab-test/deep/file") == "640\n"
    # An absolute link must lead into the host, never into the machine.
    server.sh("ln -s /tmp /etc/lab-test/link")
    server.write("/etc/lab-test/link/lab-escape", "x")
    assert server.exists("/tmp/lab-escape")
    assert not Path("/tmp/lab-escape").exists()


def test_a_reboot_keeps_files_and_forgets_the_rest(fresh_firm: Lab) -> None:
    gateway = fresh_firm["gateway"]
    former = gateway.pid
    gateway.sh(
        "echo kept > /etc/kept; mkdir -p /var/lib/x; echo kept > /var/lib/x/y;"
        "rm /etc/debian_version; echo kept > /srv/lab/disk; echo lost > /run/lost;"
        "echo lost > /tmp/lost; chown 33:33 /etc/kept"
    )
    gateway.popen(["sleep", "1000"])
    assert "policy drop" in gateway.ruleset()
    fresh_firm.reboot("gateway")
    assert gateway.pid != former
    assert gateway.sh("cat /etc/kept /var/lib/x/y /srv/lab/disk") == "kept\n" * 3
    assert gateway.sh("stat -c %u:%g /etc/kept") == "33:33\n"
    assert not any(map(gateway.exists, ("/etc/debian_version", "/run/lost", "/tmp/lost")))
    assert gateway.ruleset() == ""
    assert not gateway.processes()
    gateway.sh("nft -f /etc/nftables.conf")
    # The cables are back.
    fresh_firm["workstation"].sh("ping -c 1 -W 2 10.77.0.1; ping -c 1 -W 2 fd77::1")
    assert f"{gateway.pid}" in fresh_firm.inventory().read_text()
