# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, renewing, replacing and stopping real listeners on the loopback address."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    TimesensorError,
    UnsupportedError,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.engine import probe
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.options import (
    Settings,
    parse_settings,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.processes import (
    holders_of,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.listener.service import (
    query,
    start,
    stop,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.token import make_request

TOKEN = "a token for tests"


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[str]:
    folder = str(tmp_path / "run")
    yield folder
    for name in ("default", "other"):
        stop(name, run_dir=folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", tcp.getsockname()[1]))
        return int(tcp.getsockname()[1])


def settings(port: int, **more: Any) -> Settings:
    listeners = [
        {"id": protocol, "address": "127.0.0.1", "port": port, "protocol": protocol}
        for protocol in ("tcp", "udp")
    ]
    return parse_settings({"token": TOKEN, "ttl": 30, "listeners": listeners, **more})


def ask(port: int, protocol: str, token: str = TOKEN, timeout: float = 2.0) -> str:
    (result,) = probe(
        [
            {
                "id": "t",
                "host": "127.0.0.1",
                "port": port,
                "protocol": protocol,
                "service": "token",
                "token": token,
            }
        ],
        timeout,
    )
    return str(result["verdict"])


def wait_until_gone(path: str, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while os.path.exists(path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(path)


def real_pid(port: int) -> int:
    (process,) = holders_of("tcp", port)
    return process.pid


def test_a_started_listener_answers_and_tells_whom_it_heard(run_dir: str, port: int) -> None:
    started = start(settings(port), run_dir=run_dir)
    answers = [ask(port, "tcp"), ask(port, "udp"), ask(port, "udp")]
    stopped = stop("default", run_dir=run_dir)

    assert (started["changed"], started["running"]) == (True, True)
    assert [item["verdict"] for item in started["results"]] == ["listening", "listening"]
    assert answers == ["open"] * 3
    assert stopped["heard"] == {
        "tcp": [{"peer": "127.0.0.1", "count": 1, "valid": 1}],
        "udp": [{"peer": "127.0.0.1", "count": 2, "valid": 2}],
    }
    assert (stopped["changed"], stopped["was_running"]) == (True, True)


def test_a_query_tells_what_was_heard_and_stops_nothing(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    ask(port, "udp")
    first, second = query("default", run_dir=run_dir), query("default", run_dir=run_dir)
    stop("default", run_dir=run_dir)
    gone = query("default", run_dir=run_dir)

    assert (first["changed"], first["running"]) == (False, True)
    assert first["heard"] == {"udp": [{"peer": "127.0.0.1", "count": 1, "valid": 1}]}
    assert first == second
    assert (gone["changed"], gone["running"], gone["heard"]) == (False, False, {})


class Forbidden(socket.socket):
    """A socket of a user who may not enter the folder of root's listeners."""

    def connect(self, _address: Any, /) -> None:
        raise PermissionError(13, "Permission denied")


def test_who_may_not_ask_learns_that_and_not_that_nobody_listens(
    run_dir: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(settings(port), run_dir=run_dir)
    questions: list[Callable[[], Any]] = [
        lambda: query("default", run_dir=run_dir),
        lambda: stop("default", check_mode=True, run_dir=run_dir),
        lambda: start(settings(port), check_mode=True, run_dir=run_dir),
    ]
    for question in questions:
        with monkeypatch.context() as patched:
            patched.setattr(socket, "socket", Forbidden)
            with pytest.raises(UnsupportedError, match=r"Permission denied.*become: true"):
                question()


def test_stopping_frees_the_ports_and_removes_the_folder(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    stop("default", run_dir=run_dir)

    assert ask(port, "tcp") == "refused"
    assert not os.path.exists(run_dir)


def test_stopping_what_does_not_run_changes_nothing(run_dir: str) -> None:
    result = stop("default", run_dir=run_dir)

    assert (result["changed"], result["was_running"], result["heard"]) == (False, False, {})


def test_the_same_settings_go_on_with_their_count(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    ask(port, "udp")
    pid = real_pid(port)

    again = start(settings(port, ttl=60), run_dir=run_dir)

    assert again["changed"] is False
    assert again["instance"] == query("default", run_dir=run_dir)["instance"] != ""
    assert again["heard"]["udp"][0]["valid"] == 1
    assert real_pid(port) == pid


def test_the_time_is_renewed(run_dir: str, port: int) -> None:
    start(settings(port, ttl=1), run_dir=run_dir)
    start(settings(port, ttl=30), run_dir=run_dir)
    time.sleep(1.3)

    assert ask(port, "udp") == "open"


def test_other_settings_replace_the_listener(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    first = query("default", run_dir=run_dir)
    other = start(settings(port, token="another token"), run_dir=run_dir)

    assert other["changed"] is True
    assert other["instance"] not in ("", first["instance"])
    assert stop("default", run_dir=run_dir)["instance"] == other["instance"]
    start(settings(port, token="another token"), run_dir=run_dir)
    assert ask(port, "udp", timeout=0.3) == "no_answer"
    assert ask(port, "udp", token="another token") == "open"


def test_another_name_is_left_alone(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    other = start(settings(port, name="other"), run_dir=run_dir)
    stop("other", run_dir=run_dir)

    assert [item["verdict"] for item in other["results"]] == ["in_use", "in_use"]
    assert other["running"] is False
    assert ask(port, "tcp") == "open"


def test_it_leaves_by_itself_and_takes_its_folder_along(run_dir: str, port: int) -> None:
    start(settings(port, ttl=1), run_dir=run_dir)
    wait_until_gone(run_dir)

    assert ask(port, "tcp") == "refused"


def test_a_killed_listener_is_cleaned_up_by_the_next_run(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    os.kill(real_pid(port), signal.SIGKILL)
    time.sleep(0.2)

    again = start(settings(port), run_dir=run_dir)

    assert (again["changed"], again["running"]) == (True, True)
    assert ask(port, "tcp") == "open"


def test_a_polite_kill_cleans_up(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    os.kill(real_pid(port), signal.SIGTERM)

    wait_until_gone(run_dir)


def test_strangers_get_nothing_back(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    request = make_request(TOKEN)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.3)
        sock.connect(("127.0.0.1", port))
        for datagram in (b"", b"x", request[:-1], request + b"x", make_request("another token")):
            sock.send(datagram)
        with pytest.raises(socket.timeout):
            sock.recv(2048)
    with socket.create_connection(("127.0.0.1", port), 2) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n" + bytes(100))
        with pytest.raises(ConnectionResetError):
            sock.recv(2048)
    heard = stop("default", run_dir=run_dir)["heard"]

    assert heard["udp"] == [{"peer": "127.0.0.1", "count": 5, "valid": 0}]
    assert heard["tcp"] == [{"peer": "127.0.0.1", "count": 1, "valid": 0}]


def test_who_is_no_peer_gets_no_answer_and_is_counted(run_dir: str, port: int) -> None:
    start(settings(port, peers=["192.0.2.0/24"]), run_dir=run_dir)

    assert ask(port, "udp", timeout=0.3) == "no_answer"
    assert ask(port, "tcp") == "wrong_service"
    assert stop("default", run_dir=run_dir)["heard"]["udp"][0]["valid"] == 0


def test_a_peer_of_a_network_is_answered(run_dir: str, port: int) -> None:
    start(settings(port, peers=["192.0.2.0/24", "127.0.0.0/8", "2001:db8::/32"]), run_dir=run_dir)

    assert ask(port, "udp") == "open"


def test_many_idle_connections_do_not_shut_others_out(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    idle = [socket.create_connection(("127.0.0.1", port), 2) for _number in range(100)]
    try:
        assert ask(port, "tcp") == "open"
        assert ask(port, "udp") == "open"
        # The oldest had to leave, so that the listener holds a limited number.
        with pytest.raises(ConnectionResetError):
            idle[0].recv(1)
    finally:
        for sock in idle:
            sock.close()


def test_check_mode_starts_and_stops_nothing(run_dir: str, port: int) -> None:
    would_start = start(settings(port), check_mode=True, run_dir=run_dir)
    assert not os.path.exists(run_dir)
    start(settings(port), run_dir=run_dir)
    unchanged = start(settings(port), check_mode=True, run_dir=run_dir)
    would_stop = stop("default", check_mode=True, run_dir=run_dir)

    assert (would_start["changed"], would_start["skipped"]) == (True, True)
    assert [item["verdict"] for item in would_start["results"]] == ["not_probed", "not_probed"]
    assert (unchanged["changed"], unchanged["skipped"]) == (False, True)
    assert (would_stop["changed"], would_stop["skipped"]) == (True, True)
    assert ask(port, "tcp") == "open"


def test_the_folder_is_for_its_owner_alone_and_holds_the_socket_only(
    run_dir: str, port: int
) -> None:
    start(settings(port), run_dir=run_dir)

    assert os.stat(run_dir).st_mode & 0o777 == 0o700
    assert os.listdir(run_dir) == ["listener-default.sock"]


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707])
def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path, mode: int, port: int) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)

    with pytest.raises(TimesensorError, match="instead of user"):
        start(settings(port), run_dir=str(folder))


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, port: int) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(TimesensorError, match="nothing was started"):
        start(settings(port), run_dir=str(tmp_path / "link"))


def test_the_token_is_in_no_command_line_environment_or_file(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    pid = real_pid(port)

    for name in ("cmdline", "environ"):
        assert TOKEN.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
    links = [os.readlink(item) for item in Path(f"/proc/{pid}/fd").iterdir()]
    assert {link.split(":")[0] for link in links} <= {"/dev/null", "socket", "anon_inode"}


def test_it_has_left_the_session_and_the_folder_of_its_starter(run_dir: str, port: int) -> None:
    start(settings(port), run_dir=run_dir)
    pid = real_pid(port)

    assert os.getsid(pid) != os.getsid(0)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
