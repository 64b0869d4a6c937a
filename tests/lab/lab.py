# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab: `with Lab(firm()) as lab: lab["server"].run(["ip", "addr"])`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from . import ansible, booted, faults, inventory, network, rundir, services
from .errors import LabError
from .host import Host
from .root import BOOTED_ROOTS, Root
from .topology import HostSpec, Topology, firm

_WIRE = "wire"


def to_stderr(line: str) -> None:
    """The lab's default voice."""
    print(line, file=sys.stderr, flush=True)


class Lab:
    """Hosts by name. Everything ends with the `with` block, with close(), or with this process."""

    def __init__(
        self,
        topology: Topology | None = None,
        *,
        root: Root | None = None,
        say: Callable[[str], None] = to_stderr,
    ) -> None:
        self.topology = topology or firm()
        self.root = root or Root()
        self.say = say
        self.hosts: dict[str, Host] = {}
        self.services = services.Services(self)
        self.faults: list[faults.Fault] = []
        self._keeper: subprocess.Popen[str] | None = None
        self._run_dir: Path | None = None
        self._wire = 0

    # -- life
    # -----------

    def __enter__(self) -> Lab:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Bring all hosts up. Raises LabError, with nothing left behind, when that fails."""
        if not sys.platform.startswith("linux"):
            raise LabError("the lab needs Linux: its hosts are network namespaces")
        if os.geteuid() != 0:
            raise LabError("the lab needs root, to make namespaces: run it with sudo")
        rundir.remove_stale()
        for spec in self.topology.hosts:
            self._root_of(spec)  # building takes minutes: before anything is there to be cleaned up
        self._run_dir = rundir.create()
        try:
            self._start_keeper()
            self._wire = self._start_init(_WIRE, "")
            network.ip_batches({self._wire: network.bridge_lines(self.topology)})
            for spec in self.topology.hosts:
                self.hosts[spec.name] = self._new_host(spec)
            booting = [host for host in self.hosts.values() if host.spec.boots]
            if booting:
                booted.make_keys(self.run_dir, booting)
            self._plug(self.topology.hosts)
            self._boot(booting)
            self._save_state()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Kill all hosts and remove the run dir; harmless when called twice."""
        keeper, self._keeper = self._keeper, None
        self.faults.clear()
        self.hosts.clear()
        if self._run_dir is not None:
            booted.end_connections(self._run_dir)
        if keeper is not None:
            assert keeper.stdin is not None
            assert keeper.stdout is not None
            keeper.stdin.close()
            keeper.wait()
            keeper.stdout.close()
        self.services.forget()
        self._run_dir = None
        rundir.remove_stale()

    def reboot(
        self,
        name: str,
        keep: tuple[str, ...] = ("/etc", "/var", "/srv", "/root", "/opt", "/usr/local"),
        *,
        in_order: bool = False,
    ) -> Host:
        """Start a host afresh, as after a power cut; with `in_order`, as after `systemctl reboot`.

        A host that boots keeps all its files and has booted when this returns. Of a light host only
        the folders in `keep` survive, and nothing is started. The Host object stays the same and
        gets the new pid. Rules in the kernel are gone; on a light host they are not loaded again,
        not even the topology's own: what a boot would do is for the caller to do (`nft -f
        /etc/nftables.conf`).
        """
        host = self[name]
        if host.spec.boots:
            if in_order:
                booted.ask_to_reboot(host)
            self._ask({"stop": name})
            self._renew([host])
            return host
        saved = self.run_dir / f"{name}.tar"
        folders = " ".join(keep)
        try:
            with saved.open("wb") as file:
                script = f"tar --one-file-system -cf - -C / $(cd / && ls -d {folders} 2>/dev/null)"
                if host.popen(["sh", "-c", script], stdout=file).wait() != 0:
                    raise LabError(f"the files of host {name} could not be kept")
            self._ask({"stop": name})
            fresh = self._new_host(host.spec)
            host.pid, host.started = fresh.pid, fresh.started
            with saved.open("rb") as file:
                script = f"rm -rf --one-file-system {folders} 2>/dev/null; tar -xf - -C /"
                if host.popen(["sh", "-c", script], stdin=file).wait() != 0:
                    raise LabError(f"the files of host {name} could not be put back")
        finally:
            saved.unlink(missing_ok=True)
        self._plug((host.spec,), files=False)
        self._save_state()
        return host

    def tend(self) -> list[str]:
        """Bring back hosts that boot and that have ended; returns their names.

        One that rebooted comes back, and one whose first process was killed, as when the power
        returns. One that was switched off stays down.
        """
        ended: list[Host] = []
        coming_back: list[Host] = []
        for host in self.hosts.values():
            if host.spec.boots and not host.alive():
                status = self._ask({"stop": host.name})["status"]
                if status is not None:  # else it is known to be switched off
                    ended.append(host)
                    if booted.wants_to_come_back(status):
                        coming_back.append(host)
        if coming_back:
            self._renew(coming_back)
        return [host.name for host in ended]

    # -- access
    # -----------

    def __getitem__(self, name: str) -> Host:
        try:
            return self.hosts[name]
        except KeyError:
            known = ", ".join(self.hosts) or "none, the lab is not running"
            raise LabError(f"there is no host {name!r} in this lab (hosts: {known})") from None

    @property
    def run_dir(self) -> Path:
        """Private directory of this lab on disk, gone with it."""
        if self._run_dir is None:
            raise LabError("the lab is not running")
        return self._run_dir

    def fault(self, name: str, **options: Any) -> faults.Fault:
        """Break something by name (see lab.faults); `.remove()` or a `with` block mends it."""
        fault = faults.apply(self, name, **options)
        self.faults.append(fault)
        self._save_state()
        return fault

    def inventory(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write an Ansible inventory of the running hosts.

        Default: inventory.yml in the run dir.
        """
        target = Path(path) if path is not None else self.run_dir / "inventory.yml"
        rundir.write_whole(target, inventory.render(self.topology, self.hosts, self.run_dir))
        return target

    def ansible_env(self) -> dict[str, str]:
        """Environment that lets Ansible find the lab's connection plugin and be quick with it."""
        return inventory.environment()

    def play(
        self,
        place: Path,
        hosts: str,
        includes: Sequence[dict[str, str]],
        variables: Mapping[str, Any],
    ) -> subprocess.CompletedProcess[str]:
        """Run a play that includes roles of this collection; its files go into the folder `place`.

        `includes` are options of include_role.
        """
        play = ansible.write_play(place / "play.json", hosts, includes)
        command = ("ansible-playbook", "-i", str(self.inventory()), play)
        return self.run_ansible(place, *command, "-e", json.dumps(variables))

    def run_ansible(self, place: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of Ansible in the folder `place`, which takes its files, too; it ends with
        us. It finds the lab's hosts by an inventory that `words` name."""
        return subprocess.run(
            [*ansible.command(name), *words],
            cwd=place,
            env={**ansible.environment(place / "home"), **self.ansible_env()},
            capture_output=True,
            text=True,
            check=False,
        )

    # -- parts
    # -----------

    def _start_keeper(self) -> None:
        tests = str(Path(__file__).resolve().parent.parent)
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "lab.keeper", str(os.getpid()), str(self.run_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                "PYTHONPATH": tests,
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd="/",
            start_new_session=True,
            text=True,
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        keeper = self._keeper
        if keeper is None or keeper.stdin is None or keeper.stdout is None:
            raise LabError("the lab is not running")
        try:
            keeper.stdin.write(json.dumps(request) + "\n")
            keeper.stdin.flush()
            line = keeper.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise LabError("the lab's keeper process has died, and all hosts with it")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise LabError(answer["error"])
        return answer

    def _root_of(self, spec: HostSpec) -> Path:
        return (BOOTED_ROOTS[spec.boots] if spec.boots else self.root).path(self.say)

    def _start_init(self, name: str, root: str, boots: bool = False) -> int:
        mountpoint = self.run_dir / "mnt" / name
        disk = self.run_dir / "disk" / name
        mountpoint.mkdir(exist_ok=True)
        disk.mkdir(exist_ok=True)
        disk.chmod(0o755)
        spec = {"name": name, "root": root, "mountpoint": str(mountpoint), "disk": str(disk)}
        return int(self._ask({"start": {**spec, "boots": boots}})["pid"])

    def _new_host(self, spec: HostSpec) -> Host:
        pid = self._start_init(spec.name, str(self._root_of(spec)), bool(spec.boots))
        addresses = self.topology.addresses(spec)
        return Host(spec, pid, addresses, self.run_dir / "disk" / spec.name)

    def _renew(self, hosts: list[Host]) -> None:
        """Give hosts that boot and have ended a new first process and their cables, and boot
        them, all at once."""
        for host in hosts:
            fresh = self._new_host(host.spec)
            host.pid, host.started = fresh.pid, fresh.started
        self._plug(tuple(host.spec for host in hosts), files=False)
        self._boot(hosts)
        self._save_state()

    def _boot(self, hosts: list[Host]) -> None:
        for host in hosts:
            self._ask({"boot": host.name})
        for host in hosts:
            booted.wait_until_up(host)

    def _plug(self, specs: tuple[HostSpec, ...], files: bool = True) -> None:
        """Give hosts their cables and addresses and, with `files`, their first files and rules;
        without, they were there before."""
        hosts = [self[spec.name] for spec in specs]
        if not files:
            for host in hosts:
                network.unplug(self._wire, host.spec)
        # Before the cables: an interface takes its settings from the defaults when it appears.
        self._settle(hosts, files)
        lines = [
            line
            for host in hosts
            for line in network.cable_lines(self.topology, host.spec, host.pid)
        ]
        network.ip_batches({self._wire: lines})
        congestion = _congestion()
        network.ip_batches(
            {
                host.pid: network.address_lines(self.topology, host.spec, congestion)
                for host in hosts
            }
        )
        for host in hosts:
            for key, value in host.spec.sysctls.items():
                host.run(["sh", "-c", 'echo "$2" > "/proc/sys/$1"', "sh", key, value], check=True)
            if files and host.spec.boots:
                booted.personalize(host, self.run_dir, self.root.directory() / "etc/lab-ca")
            elif files and host.spec.rules:
                host.write("/etc/nftables.conf", host.spec.rules, 0o755)
                host.run(["nft", "-f", "/etc/nftables.conf"], check=True)

    def _settle(self, hosts: list[Host], files: bool) -> None:
        """Sysctls of all hosts and, with `files`, their names; all hosts at once."""
        running = []
        for host in hosts:
            script = "cat > /etc/hosts\n" if files else "cat > /dev/null\n"
            for key, value in network.sysctls(host.spec).items():
                script += f"[ ! -e /proc/sys/{key} ] || echo {value} > /proc/sys/{key}\n"
            if files:
                script += f"echo {host.name} > /etc/hostname\n"
                script += "echo '# no DNS here: names are in /etc/hosts' > /etc/resolv.conf\n"
            running.append(
                host.popen(["sh", "-ec", script], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            )
        for host, process in zip(hosts, running, strict=True):
            _unused, stderr = process.communicate(self.topology.hosts_file().encode())
            if process.returncode != 0:
                raise LabError(f"host {host.name} could not be set up: {stderr.decode().strip()}")

    def _save_state(self) -> None:
        rundir.save_state(
            self.run_dir,
            {
                "topology": self.topology.name,
                "pid": os.getpid(),
                "run_dir": str(self.run_dir),
                "inventory": str(self.inventory()),
                "faults": [fault.name for fault in self.faults],
                "hosts": {
                    host.name: {
                        "pid": host.pid,
                        "started": host.started,
                        "addresses": host.addresses,
                        "spec": {"names": list(host.spec.names), "boots": host.spec.boots},
                    }
                    for host in self.hosts.values()
                },
            },
        )


def _congestion() -> str:
    """`cubic` where the machine's default is bbr; empty for the machine's default.

    bbr paces by a model of the path that short transfers over veth mislead.

    The sysctl cannot be written in a network namespace where the algorithm is restricted, a route
    can always carry it.
    """
    default = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return "cubic" if default.startswith("bbr") else ""


def attach(state: dict[str, Any], name: str) -> Host:
    """A host of a lab that another process runs (for `lab exec`)."""
    known = state["hosts"]
    if name not in known:
        raise LabError(
            f"there is no host {name!r} in the lab of process {state['pid']} "
            f"(hosts: {', '.join(known)})"
        )
    data = known[name]
    host = Host(
        HostSpec(name, ()), data["pid"], data["addresses"], Path(state["run_dir"]) / "disk" / name
    )
    if host.started != data["started"]:
        raise LabError(f"host {name} is not running any more")
    return host
