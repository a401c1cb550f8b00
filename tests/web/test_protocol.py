"""The HTTP protocol as we bound it, over real sockets."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.running import Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("protocol")) as server:
        yield server


def exchange(server: Running, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.runtime_port), timeout=10) as sock:
        for piece in pieces:
            sock.sendall(piece)
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    return answer


GET = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n"
LAST = b"Connection: close\r\n"


def test_a_ready_answer_is_the_same_as_one_on_the_usual_way(server: Running) -> None:
    for path in ("/pf/JWKS", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        ready = httpx.get(server.issuer + path)
        usual = httpx.get(server.issuer + path, headers={"connection": "close"})
        assert ready.content == usual.content
        for name in ("content-type", "cache-control", "etag", "access-control-allow-origin"):
            assert ready.headers[name] == usual.headers[name]
        assert "date" in ready.headers


def test_requests_sent_in_one_go_are_answered_in_their_order(server: Running) -> None:
    wanted = [b"/pf/JWKS", b"/pf/heartbeat.ping", b"/pf/JWKS", b"/.well-known/openid-configuration"]
    pieces = [GET % (path, b"") for path in wanted] + [GET % (b"/pf/heartbeat.ping", LAST)]
    answer = exchange(server, b"".join(pieces))
    found = [answer.find(mark) for mark in (b'{"keys"', b"OK", b'{"issuer"')]
    assert answer.count(b"HTTP/1.1 200 OK") == 5
    assert -1 not in found


def test_a_ready_answer_to_a_request_with_a_body_does_not_confuse_the_next(server: Running) -> None:
    first = b"GET /pf/JWKS HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    answer = exchange(server, first + GET % (b"/pf/heartbeat.ping", LAST))
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_an_endless_head_is_refused_before_it_is_kept(server: Running) -> None:
    for piece in (b"x-a: " + b"a" * 1000 + b"\r\n", b"a: b\r\n"):
        try:
            answer = exchange(server, b"GET /pf/JWKS HTTP/1.1\r\nHost: x\r\n" + piece * (90_000 // len(piece)), b"\r\n")
        except (ConnectionResetError, BrokenPipeError):
            continue
        assert answer.startswith(b"HTTP/1.1 400")
    assert exchange(server, GET % (b"/" + b"a" * 70_000, LAST)).startswith(b"HTTP/1.1 400")
    assert httpx.get(f"{server.issuer}/pf/heartbeat.ping").status_code == 200


def test_an_old_client_without_keep_alive_is_answered_too(server: Running) -> None:
    answer = exchange(server, b"GET /pf/JWKS HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'{"keys"' in answer


def test_keys_that_rotate_change_the_ready_answer_at_once(server: Running) -> None:
    with httpx.Client() as http:
        before = http.get(f"{server.issuer}/pf/JWKS").json()
        assert server.command("keys", "rotate", "--at-once").returncode == 0
        assert http.get(f"{server.issuer}/pf/JWKS").json() != before


def test_head_tells_the_length_once_and_sends_no_body(server: Running) -> None:
    for path in (b"/pf/JWKS", b"/pf/heartbeat.ping"):
        answer = exchange(server, b"HEAD %s HTTP/1.1\r\nHost: x\r\n" % path + LAST + b"\r\n")
        assert answer.lower().count(b"content-length:") == 1
        assert answer.endswith(b"\r\n\r\n")


def test_every_way_gives_the_same_answer(server: Running) -> None:
    body = b"grant_type=client_credentials&client_id=nobody"
    head = b"POST /as/token.oauth2 HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    whole = head + b"Content-Length: %d\r\n%%s\r\n" % len(body) + body
    chunked = head + b"Transfer-Encoding: chunked\r\n" + LAST + b"\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    answers = [
        exchange(server, whole % LAST),
        exchange(server, chunked),
        exchange(server, (whole % b"")[:-7], (whole % b"")[-7:] + GET % (b"/pf/heartbeat.ping", LAST)),
    ]
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 401")
        assert b'{"error":"invalid_client"' in answer
        assert b"x-request-id: " in answer


def test_who_leaves_early_harms_nobody(server: Running) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.runtime_port), timeout=10) as sock:
            sock.sendall(GET % (b"/pf/heartbeat.ping", b""))
    assert httpx.get(f"{server.issuer}/pf/heartbeat.ping").status_code == 200


@pytest.mark.parametrize(
    "target", [b"http://evil.test", b"http://h:999999/", b"http://[/", b"evil", b"\xff", b"ftp://x/y"]
)
def test_a_target_that_is_no_path_is_400_and_is_not_logged(server: Running, target: bytes) -> None:
    for method in (b"GET", b"POST"):
        request = method + b" " + target + b"?code=CANARY HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        assert exchange(server, request).startswith(b"HTTP/1.1 40")
    assert "CANARY" not in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


def test_a_target_in_absolute_form_is_answered_like_its_path(server: Running) -> None:
    answer = exchange(server, GET % (b"http://localhost/pf/heartbeat.ping?x=y", LAST))
    assert answer.startswith(b"HTTP/1.1 200")


def test_one_field_that_never_ends_is_refused_while_it_comes(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.runtime_port), timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError, match=r"."):
            for _ in range(2000):
                sock.sendall(b"a" * 65536)
    assert httpx.get(f"{server.issuer}/pf/heartbeat.ping").status_code == 200


def test_many_large_but_legal_requests_on_one_connection_are_answered(server: Running) -> None:
    body = b"grant_type=x&client_id=" + b"a" * 60_000
    head = b"POST /as/token.oauth2 HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    one = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answer = exchange(server, one * 3 + GET % (b"/pf/heartbeat.ping", LAST))
    assert answer.count(b"HTTP/1.1 401") == 3
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("host", ["[", "[::1", "]", "a@localhost", "localhost:99999999", "[::1]:x", "evil.test", ""])
def test_the_administration_answers_to_its_own_names_alone(server: Running, host: str) -> None:
    answer = httpx.get(f"http://127.0.0.1:{server.admin_port}/metrics", headers={"host": host})
    assert answer.status_code in {400, 421}


def test_metrics_are_not_for_who_comes_through_a_proxy(server: Running) -> None:
    url = f"http://127.0.0.1:{server.admin_port}/metrics"
    assert httpx.get(url).status_code == 200
    for name, value in (("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "x")):
        assert httpx.get(url, headers={name: value}).status_code == 401


CHUNKED = (
    b"POST /as/introspect.oauth2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + LAST + b"\r\n1\r\na\r\n0\r\n"
)


def test_a_trailer_is_no_part_of_the_head(server: Running) -> None:
    """RFC 9110 §6.5.1: what a proxy in front takes out of the head must not come in again behind the body."""
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    for trailer in (b"", kind, b"X-A: b\r\n" * 1000):
        answer = exchange(server, CHUNKED + trailer + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"the content type must be" in answer


def test_who_does_not_read_its_answers_is_not_read_either(server: Running) -> None:
    request = GET % (b"/.well-known/openid-configuration", b"")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", server.runtime_port))
        sock.settimeout(1)
        sent = 0
        with pytest.raises(TimeoutError):  # each answer is forty times as long as its request
            while sent < 64 << 20:
                sent += sock.send(request * 1000)
    assert sent < 16 << 20
    assert httpx.get(f"{server.issuer}/pf/heartbeat.ping").status_code == 200
