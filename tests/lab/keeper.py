# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper: one small process per lab which forks the hosts and outlives the lab by a moment.

It watches the lab process through a pidfd and through the pipe that is its stdin. Whichever ends
first, it kills the hosts and removes the run dir. When the keeper itself is killed, the kernel
kills the hosts (PR_SET_PDEATHSIG); the run dir is then removed by the next lab. It is one thread,
because the kernel's parent is the thread and not the process.

For hosts that boot it holds what has to outlive a reboot, the upper layers, in a mount namespace of
its own, and it makes and removes their cgroups.

Protocol, JSON lines on stdin and stdout: {"start": {InitSpec}} -> {"pid": n} or {"error": text};
{"boot": name} -> {"booted": name}; {"stop": name} -> {"stopped": name, "status":
wait status}. End of input: stop everything.
"""

from __future__ import annotations

import dataclasses
import json
import os
import select
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from . import cgroups, init, linux


class Keeper:
    """Holds the hosts' init processes by name."""

    def __init__(self, run_dir: str) -> None:
        self.run_dir = run_dir
        self.pids: dict[str, int] = {}
        self.cgroups: cgroups.Tree | None = None
        self._own_pid_ns = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request; errors are answers too."""
        try:
            if "start" in request:
                return {"pid": self._start(init.InitSpec(**request["start"]))}
            if "boot" in request:
                os.kill(self.pids[request["boot"]], init.BOOT)
                return {"booted": request["boot"]}
            return {"stopped": request["stop"], "status": self._stop(request["stop"])}
        except (OSError, RuntimeError) as error:
            return {"error": str(error)}

    def _start(self, spec: init.InitSpec) -> int:
        if spec.boots:
            spec = self._prepare_boot(spec)
        ready, ready_write = os.pipe()
        # The next child becomes pid 1 of a new pid namespace; setns then turns this process's later
        # children back.
        linux.unshare(linux.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            init.run(spec, ready_write)
        linux.setns(self._own_pid_ns, linux.CLONE_NEWPID)
        os.close(ready_write)
        with os.fdopen(ready, "rb") as pipe:
            answer = pipe.read().decode()
        if answer != "ok":
            os.waitpid(pid, 0)
            raise RuntimeError(f"host {spec.name} did not start: {answer or 'killed'}")
        self.pids[spec.name] = pid
        return pid

    def _prepare_boot(self, spec: init.InitSpec) -> init.InitSpec:
        if self.cgroups is None:
            # Slave: a file system that the machine unmounts must not live on here.
            linux.unshare(linux.CLONE_NEWNS)
            linux.mount("none", "/", flags=linux.MS_REC | linux.MS_SLAVE)
            self.cgroups = cgroups.Tree(Path(self.run_dir))
        if not os.path.ismount(spec.mountpoint):
            init.make_upper(spec.mountpoint, spec.upper_mib)
        return dataclasses.replace(spec, cgroup=self.cgroups.make(spec.name))

    def _stop(self, name: str) -> int | None:
        """Kill a host, or learn how it ended: the wait status, None for one that is not known."""
        pid = self.pids.pop(name, None)
        status = None
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            _unused, status = os.waitpid(pid, 0)
        if self.cgroups is not None:
            self.cgroups.remove(name)
        return status

    def stop_all(self) -> None:
        """Kill every host at once, wait until all are gone, and remove the run dir."""
        for pid in self.pids.values():
            os.kill(pid, signal.SIGKILL)
        for pid in self.pids.values():
            os.waitpid(pid, 0)
        self.pids.clear()
        if self.cgroups is not None:
            try:
                self.cgroups.close()
            except OSError:
                return  # it stays busy: the next lab finds it by the run dir, and removes both
            for mountpoint in Path(self.run_dir, "mnt").iterdir():
                if mountpoint.is_mount():
                    linux.unmount(str(mountpoint))
        shutil.rmtree(self.run_dir, ignore_errors=True)


def main() -> NoReturn:
    """Run as `python -m lab.keeper LAB_PID RUN_DIR`."""
    lab_pid, run_dir = int(sys.argv[1]), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    lab = os.pidfd_open(lab_pid)
    linux.set_name("lab:keeper")
    keeper = Keeper(run_dir)
    watch = select.poll()
    watch.register(0, select.POLLIN)
    watch.register(lab, select.POLLIN)
    pending = b""
    while os.getppid() == lab_pid:
        ready = dict(watch.poll())
        if lab in ready:
            break
        data = os.read(0, 65536)
        if not data:
            break
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            answer = json.dumps(keeper.handle(json.loads(line))) + "\n"
            try:
                os.write(1, answer.encode())
            except BrokenPipeError:
                break
    keeper.stop_all()
    sys.exit(0)


if __name__ == "__main__":
    main()
