# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each service proves, against real servers on the loopback address."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.legalops.timesensor.plugins.module_utils._probe.engine import (
    not_probed,
    probe,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.target import (
    parse_targets,
)
from ansible_collections.legalops.timesensor.plugins.module_utils._probe.token import answer_to

Conversation = Callable[[socket.socket], None]
TOKEN = "a token for tests"


@contextlib.contextmanager
def server(*conversations: Conversation) -> Iterator[int]:
    """Serve one connection after the other, and yield the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(5)

    def serve() -> None:
        for conversation in conversations:
            with contextlib.suppress(OSError):
                connection, _address = listening.accept()
                with connection:
                    connection.settimeout(5)
                    conversation(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.close()
        thread.join()


def says(data: bytes, then: Conversation | None = None) -> Conversation:
    def conversation(connection: socket.socket) -> None:
        connection.sendall(data)
        if then is not None:
            then(connection)
        waits(connection)

    return conversation


def waits(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def answers(data: bytes) -> Conversation:
    """Read one block, answer, close."""

    def conversation(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)

    return conversation


def says_and_leaves(data: bytes) -> Conversation:
    def conversation(connection: socket.socket) -> None:
        connection.sendall(data)

    return conversation


def closes(_connection: socket.socket) -> None:
    return


def resets(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def resets_at_once(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def one(port: int, service: str, timeout: float = 3.0, **more: Any) -> dict[str, Any]:
    target = {"id": "t", "host": "127.0.0.1", "port": port, "service": service, **more}
    (result,) = probe([target], timeout)
    return result


@pytest.mark.parametrize(
    ("service", "greeting", "verdict", "status"),
    [
        ("ftp", b"220 vsFTPd\r\n", "open", "pass"),
        ("ftp", b"220-Welcome\r\n220 ready\r\n", "open", "pass"),
        ("ftp", b"421 Too many connections\r\n", "open", "warn"),
        ("ftp", b"SSH-2.0-OpenSSH_9.2\r\n", "wrong_service", "fail"),
        ("ftp", b"220 mail.example ESMTP Postfix\r\n", "wrong_service", "fail"),
        ("ftp", b"hello\r\n", "wrong_service", "fail"),
        ("ssh", b"SSH-2.0-OpenSSH_9.2\r\n", "open", "pass"),
        ("ssh", b"a line before\r\nSSH-2.0-OpenSSH_9.2\r\n", "open", "pass"),
        ("ssh", b"SSH-1.5-old\r\n", "wrong_service", "fail"),
        ("ssh", b"220 vsFTPd\r\n", "wrong_service", "fail"),
        ("none", b"", "open", "pass"),
    ],
)
def test_greetings(service: str, greeting: bytes, verdict: str, status: str) -> None:
    # A server that is not SSH ends the connection: 20 lines may come before the version.
    with server((says_and_leaves if service == "ssh" else says)(greeting)) as port:
        result = one(port, service, 1.0)

    assert (result["verdict"], result["status"]) == (verdict, status)


@pytest.mark.parametrize("service", ["ftp", "ssh", "http", "https", "submission", "imaps", "token"])
def test_a_service_that_accepts_and_stays_silent_is_never_open(service: str) -> None:
    more = {"token": TOKEN} if service == "token" else {}
    with server(waits) as port:
        result = one(port, service, 0.3, **more)

    assert (result["verdict"], result["status"]) == ("wrong_service", "fail")
    assert result["confidence"] == "medium"


@pytest.mark.parametrize("service", ["ftp", "ssh", "http", "https", "imaps"])
@pytest.mark.parametrize("conversation", [closes, resets])
def test_a_service_that_breaks_off_is_wrong(service: str, conversation: Conversation) -> None:
    with server(conversation) as port:
        result = one(port, service, 1.0)

    assert result["verdict"] == "wrong_service"


@pytest.mark.parametrize(("service", "verdict"), [("none", "open"), ("ftp", "wrong_service")])
def test_a_reset_right_after_the_handshake_is_no_refusal(service: str, verdict: str) -> None:
    # The reset comes before or after the loop looks at the socket: both must give the same.
    rounds = 20
    with server(*[resets_at_once] * rounds) as port:
        verdicts = {one(port, service, 1.0)["verdict"] for _round in range(rounds)}

    assert verdicts == {verdict}


def test_4d_is_open_with_medium_confidence_when_it_only_accepts() -> None:
    with server(waits) as port:
        silent = one(port, "4d", 0.3)
    with server(answers(b"\0\0\0\x10whatever")) as port:
        strange = one(port, "4d")

    for result in (silent, strange):
        assert (result["verdict"], result["confidence"]) == ("open", "medium")
        assert any("TCP accept alone" in str(item["value"]) for item in result["evidence"])


@pytest.mark.parametrize("conversation", [closes, resets, resets_at_once])
def test_4d_that_closes_when_tls_starts_is_a_warning(conversation: Conversation) -> None:
    with server(conversation) as port:
        result = one(port, "4d")

    assert (result["verdict"], result["status"], result["confidence"]) == ("open", "warn", "low")


def test_4d_is_wrong_when_another_known_protocol_answers() -> None:
    with server(says(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        result = one(port, "4d")

    assert (result["verdict"], result["confidence"]) == ("wrong_service", "high")
    assert "SSH answered" in result["fix"]


def test_a_tls_alert_shows_a_tls_server() -> None:
    with server(answers(b"\x15\x03\x03\x00\x02\x02\x46")) as port:
        result = one(port, "https")

    assert (result["verdict"], result["status"]) == ("open", "warn")
    assert "protocol_version" in result["fix"]


def test_plain_http_on_a_tls_port_is_named() -> None:
    with server(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        result = one(port, "https")

    assert result["verdict"] == "wrong_service"
    assert "HTTP answered" in result["fix"]


def test_a_whole_response_line_is_read_even_in_single_bytes() -> None:
    def dribbles(connection: socket.socket) -> None:
        connection.recv(4096)
        for byte in b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n":
            connection.send(bytes([byte]))

    with server(dribbles) as port:
        result = one(port, "http")

    assert result["verdict"] == "open"
    assert result["evidence"][-1]["value"] == "HTTP/1.1 200 OK"


def test_an_endless_answer_ends_within_the_timeout() -> None:
    def pours(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"x" * 65536)

    with server(pours) as port:
        result = one(port, "ftp", 1.0)

    assert result["verdict"] == "wrong_service"


def test_submission_needs_starttls() -> None:
    def offers(ehlo: bytes) -> Conversation:
        def conversation(connection: socket.socket) -> None:
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.recv(4096)
            connection.sendall(ehlo)
            if b"STARTTLS" in ehlo:
                connection.recv(4096)
                connection.sendall(b"220 go ahead\r\n")
                connection.recv(4096)
                connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
            waits(connection)

        return conversation

    with server(offers(b"250-mail.example\r\n250 XXXXXXXA\r\n")) as port:
        masked = one(port, "submission")
    with server(offers(b"250-mail.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n")) as port:
        encrypted = one(port, "submission")

    assert (masked["verdict"], masked["status"]) == ("open", "warn")
    assert "STARTTLS is not offered" in masked["fix"]
    assert "handshake_failure" in encrypted["fix"]


def test_the_token_is_proved_over_tcp() -> None:
    def listener(token: str) -> Conversation:
        def conversation(connection: socket.socket) -> None:
            answer = answer_to(token, connection.recv(4096))
            if answer is not None:
                connection.sendall(answer)

        return conversation

    with server(listener(TOKEN)) as port:
        right = one(port, "token", token=TOKEN)
    with server(listener("another token")) as port:
        other = one(port, "token", token=TOKEN)
    with server(answers(b"x" * 32)) as port:
        wrong = one(port, "token", token=TOKEN)

    assert right["verdict"] == "open"
    assert (other["verdict"], wrong["verdict"]) == ("wrong_service", "wrong_service")
    assert "the same token" in other["fix"]
    assert TOKEN not in str([right, other, wrong])


def udp_server(answer: Callable[[bytes], bytes | None]) -> tuple[socket.socket, threading.Thread]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0.7)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                data, sender = sock.recvfrom(2048)
                reply = answer(data)
                if reply is not None:
                    sock.sendto(reply, sender)
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    return sock, thread


def ask_udp(answer: Callable[[bytes], bytes | None], service: str, timeout: float) -> Any:
    sock, thread = udp_server(answer)
    more = {"token": TOKEN} if service == "token" else {}
    try:
        return one(sock.getsockname()[1], service, timeout, protocol="udp", **more)
    finally:
        sock.close()
        thread.join()


def test_udp_is_open_on_the_right_answer_only() -> None:
    right = ask_udp(lambda data: answer_to(TOKEN, data), "token", 2)
    wrong = ask_udp(lambda data: b"x" * 32, "token", 0.5)
    silent = ask_udp(lambda data: None, "token", 0.3)
    unknown = ask_udp(lambda data: None, "none", 0.3)

    assert right["verdict"] == "open"
    assert wrong["verdict"] == "wrong_service"
    assert (silent["verdict"], silent["confidence"]) == ("no_answer", "medium")
    assert (unknown["verdict"], unknown["confidence"]) == ("no_answer", "low")


def test_a_lost_datagram_does_not_decide() -> None:
    received: list[bytes] = []

    def answers_the_second(data: bytes) -> bytes | None:
        received.append(data)
        return answer_to(TOKEN, data) if len(received) == 2 else None

    assert ask_udp(answers_the_second, "token", 2)["verdict"] == "open"
    assert received[0] == received[1]


def test_a_closed_port_of_this_host_is_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        tcp = one(unused.getsockname()[1], "none")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    udp = one(port, "none", protocol="udp")

    for result in (tcp, udp):
        assert (result["verdict"], result["status"]) == ("refused", "warn")


def test_a_target_without_host_is_not_probed_and_not_passed() -> None:
    (result,) = probe([{"id": "t", "port": 21}])

    assert (result["verdict"], result["status"]) == ("not_probed", "none")
    assert result["evidence"][0]["value"] == "no endpoint given"


def test_check_mode_gives_not_probed_for_each_target() -> None:
    targets = parse_targets(
        [{"id": "a", "host": "127.0.0.1", "port": 1}, {"id": "b", "host": "", "port": 2}]
    )

    results = not_probed(targets)

    assert [(item["id"], item["verdict"]) for item in results] == [
        ("a", "not_probed"),
        ("b", "not_probed"),
    ]


def test_the_results_keep_the_order_of_the_targets() -> None:
    with server(waits) as port:
        results = probe(
            [
                {"id": "z", "host": "127.0.0.1", "port": port},
                {"id": "a", "port": 1},
                {"id": "m", "host": "127.0.0.1", "port": port},
            ],
            1,
        )

    assert [result["id"] for result in results] == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "open"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy_required"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9, "wrong_service"),
        (b"", "wrong_service"),
    ],
)
def test_an_interim_answer_is_not_the_answer(after: bytes, verdict: str) -> None:
    with server(answers(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" + after)) as port:
        assert one(port, "http")["verdict"] == verdict
