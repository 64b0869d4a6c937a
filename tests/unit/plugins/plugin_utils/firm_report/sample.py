# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of made-up firms for the tests of the report, on the way that real evidence goes: the
roles' tables, the fixes of the probes, the verdicts on observations of downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.legalops.timesensor.plugins.module_utils._ftp.sampler import (
    Sampler,
    megabits,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.verdicts import ROWS
from ansible_collections.legalops.timesensor.plugins.plugin_utils.evidence import evidence
from ansible_collections.legalops.timesensor.plugins.plugin_utils.ftp_verdicts.engine import (
    result_of,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.proof import (
    expected_proofs,
    transfer_results,
)
from ansible_collections.legalops.timesensor.plugins.plugin_utils.report import verdict_rows

ROLES = Path(__file__).resolve().parents[5] / "roles"
GIB = 1 << 30
TIME = "2026-11-24T14:40:31+00:00"
VERSIONS = {"collection": "0.1.0", "ansible_core": "2.21.5", "backend": "nftables"}
ENDPOINTS = {
    "licence": {"host": "licence.vendor.example"},
    "update": {"host": "update.vendor.example", "path": "/package.bin"},
    "mail": {"host": "mail.provider.example"},
    "server": {"host": "server365.datacentre.example"},
}
# What a server that means ill would send: markup, a terminal's control sequence, an override of the
# writing direction, a template of Ansible, and characters that XML forbids.
HOSTILE = (
    "220 <img src=http://evil.example/x onerror=alert(1)><script>alert(2)</script>"
    " \x1b[31m \u202etxt.exe {{ lookup('pipe', 'id') }} {% if 1 %} {# x #} \x00 \ufffe ]]> &amp;"
)
Outcome = tuple[str, Mapping[str, Any]]


def settings(scenario: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of a scenario role with its own table."""
    variables = yaml.safe_load((ROLES / scenario / "vars" / "main.yml").read_text())
    table = [line for name in variables if name.endswith("_table") for line in variables[name]]
    return {
        "name": scenario,
        "table": table,
        "enforcement": "host",
        "interfaces": {},
        "endpoints": ENDPOINTS,
        "email_interface": True,
        "firm": "Muster & Partner",
        **changes,
    }


def probe(row: str, proof: str, prover: str, evidence: Sequence[Any] = ()) -> dict[str, Any]:
    """Return a result of flow_probe that ends in one row of its table of verdicts."""
    verdict = ROWS[row]
    flow, _slash, port = proof.partition("/")
    host = ENDPOINTS.get({"db": "server"}.get(flow.split("_")[0], flow.split("_")[0]), {})
    words = {
        "protocol": "UDP" if "quic" in flow else "TCP",
        "port": port,
        "address": f"{host.get('host', 'server')} (203.0.113.25)",
        "local": "10.77.0.20",
        "issuer": "Example Web Protection CA",
        "source": "10.77.0.1",
        "service": "quic",
    }
    fact = {"what": "TCP handshake", "value": "completed in 3.149 ms", "source": "kernel"}
    return {
        "id": proof,
        "from": prover,
        "verdict": verdict.name,
        "status": verdict.status,
        "confidence": verdict.confidence,
        "evidence": list(evidence) or [fact],
        "fix": verdict.fix.format_map(words),
    }


def download(
    rates: Sequence[float], size: int = GIB, end: str = "eof", **more: Any
) -> dict[str, Any]:
    """Return a result of ftp_path whose curve has these rates in Mbit/s, half a second each."""
    sampler = Sampler()
    seconds, total = 0.0, 0
    for rate in rates:
        seconds += 0.5
        total = min(size, total + int(rate * 1e6 / 8 / 2))
        sampler.add(seconds, total)
        if total == size:
            break
    if end == "eof":
        total = size
    seen: dict[str, Any] = {
        "host": "update.vendor.example",
        "port": 21,
        "address": "203.0.113.21",
        "witnessed": True,
        "phase": "done",
        "mode": "epsv",
        "wanted_mode": "auto",
        "size": size,
        "size_source": "SIZE",
        "size_on_server": size,
        "attempts": [{"mode": "epsv", "result": "connected", "port": 57900, "text": ""}],
        "transfer": {
            "end": end,
            "bytes": total,
            "seconds": seconds,
            "mbit": megabits(total, seconds),
            "worst_window_mbit": sampler.worst_window,
            "longest_gap": {"seconds": 30.0, "offset": total},
            "samples": sampler.curve(seconds, total),
            "ttfb_ms": 21.4,
            "verify": {"mode": "pattern", "passed": end == "eof", "damage": None},
        },
        "final": {"code": 226, "text": "226 Transfer complete."},
        "control": {"noop": "answered", "tcp": {"unacked": 0, "retransmits": 0}},
        "limits": {
            "min_mbit": 40.0,
            "min_mbit_window": None,
            "deadline": None,
            "max_bytes": None,
            "stall_timeout": 30.0,
            "reply_timeout": 60.0,
            "connect_timeout": 10.0,
        },
        "phases_ms": {"connect": 5.1},
        "tcp": {"rtt_us": 9100},
        "control_log": ["< 220 ready", "> USER anonymous", "< 230 Login successful."],
        **more,
    }
    return result_of(seen)


def looped(prover: str, result: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what Ansible registers for a loop over one host."""
    if result is None:
        return {"results": []}
    return {"results": [{**result, "ansible_loop_var": "prober", "prober": prover}]}


def document(
    host: str,
    scenario: Mapping[str, Any],
    outcomes: Mapping[str, Outcome | str],
    prover: str = "",
    whole: Mapping[str, Any] | None = None,
    change: Mapping[str, Any] | None = None,
    foreign: Mapping[str, Any] | None = None,
    check_mode: bool = False,
) -> dict[str, Any]:
    """Return the evidence of one host. `outcomes` names a row of the probe's table by the start of
    a proof's id; what it does not name is open, and an empty name leaves the proof out."""
    prover = prover or host
    results = []
    for proof in expected_proofs(scenario, host):
        if not proof.provers or "download" in proof.id or proof.id.startswith("db_announce"):
            continue
        name = next((key for key in outcomes if proof.id.startswith(key)), "")
        wanted = outcomes.get(name, "open")
        row, more = wanted if isinstance(wanted, tuple) else (wanted, {})
        if row:
            results.append(probe(row, proof.id, proof.provers[0], **more))
    loops = [looped(prover, whole), looped(prover, None)]
    results += transfer_results(*loops)
    flows = {item["id"].partition("/")[0] for item in results}
    states: list[dict[str, Any]] = [
        {
            "flow": flow,
            "state": "overridden" if flow in (foreign or {}) else "present",
            "foreign": (foreign or {}).get(flow, []),
        }
        for flow in sorted(flows)
    ]
    rows = verdict_rows(host, scenario, states, results)
    made = evidence(
        host,
        scenario["name"],
        rows,
        {"backend": "nftables", "flows": states},
        loops,
        change,
        firm=scenario["firm"],
        check_mode=check_mode,
    )
    return {**made, "time": TIME, "versions": dict(VERSIONS)}


CHANGE: dict[str, Any] = {
    "changed": True,
    "backend": "nftables",
    "diff": {
        "before": "",
        "after": "table inet firm_filter {\n\tchain legalops_timesensor_forward {\n\t}\n}\n",
        "before_header": "nftables rules",
        "after_header": "nftables rules",
    },
    "exposure": [
        {
            "flow": "classic/licence_http",
            "direction": "outbound",
            "protocol": "tcp",
            "ports": ["80", "8080"],
            "peers": ["any"],
            "was_closed_by": "the policy of table inet firm_filter, chain forward",
        }
    ],
    "transaction": {
        "id": "",
        "confirmed": True,
        "rolled_back": False,
        "deadline": None,
        "guard": "none",
    },
    "conflicts": [],
    "warnings": [],
}


def good_firm() -> list[dict[str, Any]]:
    """A firm where everything works."""
    client = settings("legal_365_client", firm="Beispiel Rechtsanwälte")
    classic = settings("classic", firm="Beispiel Rechtsanwälte")
    rates = [60, 180, *[230, 236, 228, 233] * 19]
    return [
        document("gateway", classic, {}, whole=download(rates), change=CHANGE),
        document("workstation", client, {}),
    ]


def bad_firm() -> list[dict[str, Any]]:
    """A firm with three hosts, blocked mail, a download that stalls, flows that nobody could try,
    and a rule of somebody else in the way."""
    firm = {"firm": "Muster & Partner Rechtsanwälte AG"}
    gateway = settings(
        "classic",
        enforcement="gateway",
        interfaces={"inside": ["lan0"], "outside": ["wan0"]},
        prove_on=["server"],
        **firm,
    )
    server = settings(
        "legal_365_server",
        broadcasting="allow",
        broadcast_port=19813,
        probe_from=["workstation"],
        **firm,
    )
    client = settings("legal_365_client", **firm)
    stalled = download([40, 92, *[94, 91, 95] * 20, *[0.0] * 60], end="stall", final=None)
    rule = {"family": "inet", "table": "fw", "chain": "input", "handle": 12, "effect": "all"}
    inspected = [{"what": "issuer", "value": "Example Web Protection CA", "source": "TLS"}]
    mail = [
        {"what": "TCP handshake", "value": "no answer to 4 SYN in 5.0 s", "source": "kernel"},
        {"what": "TTL of SYN-ACK from other ports", "value": [57], "source": "packet socket"},
    ]
    return [
        document(
            "gateway",
            gateway,
            {
                "mail": ("filtered_alive", {"evidence": mail}),
                "licence_https": ("tls_known_inspector", {"evidence": inspected}),
                "update_sftp": "refused_by_peer",
            },
            prover="server",
            whole=stalled,
            change=CHANGE,
        ),
        document(
            "server",
            server,
            {"db_quic_in": "no_answer", "db_sql_in": "filtered_by_peer"},
            whole=download([88.0] * 30, size=150 << 20),
            change={**CHANGE, "changed": False},
            foreign={"db_sql_in": [rule]},
        ),
        document("workstation", client, {"db_sql": "4d_closes"}),
    ]


def hostile_firm() -> list[dict[str, Any]]:
    """A firm whose update server, and whoever named the firm, mean ill."""
    classic = settings("classic", firm="<script src=x onload=alert(0)> {{ 7 * 7 }}")
    said = [{"what": "FTP greeting", "value": HOSTILE, "source": HOSTILE}]
    log = ["< " + HOSTILE]
    whole = download([10.0] * 8, size=1 << 20, control_log=log)
    bad = document(
        "server", classic, {"update_sftp": ("filtered", {"evidence": said})}, whole=whole
    )
    for row in bad["flows"]:
        row["fix"] = row["fix"] and f"{row['fix']} {HOSTILE}"
    return [bad]
