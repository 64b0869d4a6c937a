# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three hosts of flow_hosts.py with an FTP server: a client, a router that breaks things, and
vsftpd.

vsftpd comes from Debian's package, unpacked into a private cache, never installed on the machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from integration_lab.flow_hosts import ROOT, Firm

from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import (
    result_of,
)
from lab import package

SEED = "ftp-path-test"
_PACKAGES = ("vsftpd", "libwrap0")
_ENGINE = "ansible_collections.legalops.timesensor.plugins"
_MEASURE = f"""
import json, resource, sys
from {_ENGINE}.module_utils._ftp.measure import measure
from {_ENGINE}.module_utils._ftp.options import parse_options
seen = measure(parse_options(json.load(sys.stdin)))
usage = resource.getrusage(resource.RUSAGE_SELF)
json.dump([seen, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], sys.stdout)
"""
_VSFTPD = """
listen=YES
listen_ipv6=NO
background=NO
anonymous_enable=YES
local_enable=NO
ftp_username=daemon
nopriv_user=nobody
anon_root={root}
secure_chroot_dir={empty}
seccomp_sandbox=NO
one_process_model=NO
xferlog_enable=NO
no_anon_password=YES
isolate=NO
isolate_network=NO
connect_from_port_20=YES
port_enable=YES
"""


def vsftpd_root() -> Path:
    """Return the directory into which vsftpd and what it needs are unpacked; unpack it when it
    is not there.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    place = cache / "legalops-timesensor" / "vsftpd"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / "vsftpd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "usr/sbin/vsftpd").exists():
            _unpack(place)
    return place


def _unpack(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        os.chmod(work, 0o755)
        subprocess.run(["apt-get", "-qq", "download", *_PACKAGES], cwd=work, check=True)
        for package in Path(work).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), f"{work}/root"], check=True)
        os.rename(f"{work}/root", place)


def chain(hook: str, rules: str) -> str:
    """Return a ruleset of one filter chain at this hook."""
    return f"table inet t {{\n chain c {{\n type filter hook {hook} priority 0\n {rules}\n }}\n}}"


class FtpFirm(Firm):
    """A firm whose server serves `files` over FTP from a directory of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self.files = directory / "srv"
        self.files.mkdir()
        (directory / "empty").mkdir()
        # tmp directories of pytest are 0700, and vsftpd serves as nobody.
        for path in (directory, *directory.parents):
            if path.stat().st_mode & 0o5 != 0o5 and str(path) != "/":
                path.chmod(path.stat().st_mode | 0o5)
        self._server: subprocess.Popen[bytes] | None = None

    def fresh(self) -> FtpFirm:
        """Open everything and serve by vsftpd as usual, whatever a test before has changed."""
        self.reset()
        self.serve_ftp()
        return self

    def pattern_file(self, name: str, size: int, seed: str = SEED) -> Path:
        return package.write(self.files / name, size, seed)

    def serve_ftp(self, *settings: str, namespace: Any = None) -> None:
        """Start vsftpd with further settings, instead of the one before."""
        self.stop_ftp()
        config = self.directory / "vsftpd.conf"
        text = _VSFTPD.format(root=self.files, empty=self.directory / "empty")
        config.write_text(text + "".join(f"{line}\n" for line in settings))
        root = vsftpd_root()
        libraries = ":".join(str(path) for path in root.glob("**/lib/*-linux-gnu"))
        host = namespace or self.server
        self._server = subprocess.Popen(
            host.enter(str(root / "usr/sbin/vsftpd"), str(config)),
            env={**os.environ, "LD_LIBRARY_PATH": libraries},
        )
        self._wait(host)

    def serve_fault(self, fault: str, file: str) -> None:
        """Serve `file` in place of vsftpd by a server with a fault, see ftp_faulty_server.py."""
        self.stop_ftp()
        script = Path(__file__).with_name("ftp_faulty_server.py")
        self._server = self.server.start(sys.executable, str(script), fault, str(self.files / file))

    def _wait(self, host: Any) -> None:
        deadline = time.monotonic() + 10
        while "LISTEN" not in host.run("ss", "-Hltn", "sport", "=", ":21"):
            assert time.monotonic() < deadline, "vsftpd did not start"
            time.sleep(0.05)

    def stop_ftp(self) -> None:
        if self._server is not None:
            # vsftpd's children outlive their master, and all of them are in the server's namespace.
            for pid in self._pids("vsftpd"):
                with contextlib.suppress(ProcessLookupError):  # it may end by itself just now
                    os.kill(pid, 9)
            self._server.kill()
            self._server.wait()
            self._server = None

    def _pids(self, name: str) -> list[int]:
        namespace = os.stat(f"/proc/{self.server.pid}/ns/net").st_ino
        found = []
        for entry in Path("/proc").iterdir():
            try:
                mine = entry.name.isdigit() and (entry / "comm").read_text().strip() == name
                if mine and os.stat(entry / "ns/net").st_ino == namespace:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def measure(self, root: bool = True, python: str = sys.executable, **params: Any) -> Measured:
        """Run the engine on the client against the server."""
        params = {"host": self.server_address, **params}
        less = () if root else ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
        done = subprocess.run(
            self.client.enter(*less, python, "-c", _MEASURE),
            input=json.dumps(params),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / ".build")},
        )
        assert done.returncode == 0, done.stderr
        return Measured(*json.loads(done.stdout))

    def close(self) -> None:
        self.stop_ftp()
        super().close()


class Measured:
    """What one run gave: the observation, CPU seconds and peak memory in KiB."""

    def __init__(self, seen: dict[str, Any], cpu: float, rss: int) -> None:
        self.seen = seen
        self.cpu = cpu
        self.rss = rss
        self.result = result_of(seen)

    @property
    def short(self) -> tuple[str, str]:
        return self.result["verdict"], self.result["confidence"]

    def values(self) -> str:
        """All evidence as text."""
        return "; ".join(f"{item['what']}: {item['value']}" for item in self.result["evidence"])
