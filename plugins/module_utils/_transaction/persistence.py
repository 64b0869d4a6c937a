# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host keeps so that a reboot, or a reload of the admin's own rules, brings our policies
back.

The restore program is this package itself, without Ansible, as one zip archive: at boot it plans
anew against the rules that are there then, because the place before a foreign rule has another
handle after each load.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from typing import Any, Mapping, Sequence

from .._model.policy import Policy
from .files import Content, Link
from .paths import RESTORE_PROGRAM, UNIT_FILE, UNIT_LINKS, UNIT_NAME
from .store import encode, policy_path, policy_paths

_PACKAGE = __name__.rsplit(".", 2)[0]
_SYSTEM_PYTHON = "/usr/bin/python3"
_PARTS = ("_model", "_plan", "_backends", "_transaction")
_EPOCH = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest date of a zip archive; a fixed one makes equal archives equal

_UNIT = """\
# Written by the Ansible collection legalops.timesensor; its role removes it with the last policy.
[Unit]
Description=Restore the firewall policies of legalops.timesensor
DefaultDependencies=no
Conflicts=shutdown.target
Before=network-pre.target shutdown.target
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service nftables.service netfilter-persistent.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={command}
ExecReload={command}

[Install]
WantedBy=sysinit.target nftables.service
"""


def wanted_files(before: Sequence[Policy], after: Sequence[Policy]) -> dict[str, Content | None]:
    """Return all files of ours as they must be for the policies `after`; None where nothing must
    be.

    Policies come first and the unit last: a run that is killed in between leaves nothing that
    starts half.
    """
    files: dict[str, Content | None] = {
        path: None for policy in before for path in policy_paths(policy.name)
    }
    files.update({policy_path(policy): encode(policy) for policy in after})
    kept = any(policy.persist for policy in after)
    command = f"{_lasting_python()} {RESTORE_PROGRAM}"
    files[RESTORE_PROGRAM] = restore_archive() if kept else None
    files[UNIT_FILE] = _UNIT.format(command=command).encode() if kept else None
    for link in UNIT_LINKS:
        files[link] = Link(f"../{UNIT_NAME}") if kept else None
    return files


def _lasting_python() -> str:
    """Return an interpreter that will still be there at a boot in years.

    Ansible likes to run a versioned one, which goes with the distribution's next release, or one of
    a virtual environment. The system's own is an old one on some, so it must be the same program.
    """
    same = os.path.realpath(_SYSTEM_PYTHON) == os.path.realpath(sys.executable)
    return _SYSTEM_PYTHON if same else sys.executable


def restore_archive() -> bytes:
    """Return the restore program as a zip archive that Python runs."""
    # Here and not above: it imports the other parts, which must all be loaded by now.
    from . import restore

    sources: Mapping[str, str] = {
        f"{name.replace('.', '/')}{suffix}": source for name, suffix, source in _loaded_sources()
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for parent in _parents(_PACKAGE):  # zipimport before Python 3.13 knows no packages without
            archive.writestr(_entry(f"{parent}/__init__.py"), "")
        for path in sorted(sources):
            archive.writestr(_entry(path), sources[path])
        main = f"from {restore.__name__} import main\n\nmain()\n"
        archive.writestr(_entry("__main__.py"), main)
    return buffer.getvalue()


def _parents(package: str) -> list[str]:
    parts = package.split(".")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _entry(path: str) -> zipfile.ZipInfo:
    # Not compressed: another zlib would make another archive of the same sources.
    return zipfile.ZipInfo(path, _EPOCH)


def _loaded_sources() -> list[tuple[str, str, str]]:
    """Return name, file suffix and source of each module of ours that the restore program needs."""
    found = []
    for name, module in sorted(sys.modules.items()):
        if not any(
            name == f"{_PACKAGE}.{part}" or name.startswith(f"{_PACKAGE}.{part}.")
            for part in _PARTS
        ):
            continue
        loader: Any = module.__loader__
        source = loader.get_source(name)
        suffix = "/__init__.py" if hasattr(module, "__path__") else ".py"
        found.append((name, suffix, source or ""))
    return found
