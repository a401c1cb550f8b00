"""What a stranger tries against a running server, and what must come of it."""

import asyncio
import base64
import hashlib
import json
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.journeys.person import Person
from tests.running import SERVICE, Running, running

CALLBACK = "https://app.example.org/cb"
SECRET = "a-secret-that-nobody-guesses-1234-and-long-enough-for-hmac-512-really"
PEOPLE = json.dumps([{"username": "joe", "password": "Password1", "claims": {"email": "joe@example.org"}}])
PAY = {
    "exclusiveScopes": [{"name": name, "description": "", "dynamic": False} for name in ("pay.read", "pay.write")],
    "exclusiveScopeGroups": [{"name": "pay", "description": "Pay", "scopes": ["pay.read", "pay.write"]}],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "ostiary.toml").write_text('[log]\nformat = "json"\n')
    with running(folder, environment={"OSTIARY_TRUSTED_PROXIES": "127.0.0.1"}) as server:
        assert server.command("users", "import", "-", stdin=PEOPLE).returncode == 0
        assert server.command("server", "apply", "-", stdin=json.dumps({"authServerSettings": PAY})).returncode == 0
        server.create_client(**web("web"))
        yield server


def web(client_id: str, **more: object) -> dict[str, object]:
    grants = ["authorization_code", "refresh_token", "client_credentials"]
    return {"clientId": client_id, "grantTypes": grants, "redirectUris": [CALLBACK], "secret": SECRET, **more}


def tokens(server: Running, client_id: str, scope: str, *, without: str = "", **more: str) -> dict[str, str]:
    verifier = secrets.token_urlsafe(40)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "scope": scope,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **more,
    }
    person = Person()
    page = person.sign_on(person.go(f"{server.issuer}/as/authorization.oauth2?{urlencode(asked)}"))
    back = person.allow(page, without=without).headers["location"]
    redeemed = httpx.post(
        f"{server.issuer}/as/token.oauth2",
        data={
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(back).query)["code"][0],
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        },
        auth=(client_id, SECRET),
    )
    found: dict[str, str] = redeemed.json()
    return found


def user_info(server: Running, access_token: str) -> dict[str, object]:
    answer = httpx.get(f"{server.issuer}/idp/userinfo.openid", headers={"Authorization": f"Bearer {access_token}"})
    found: dict[str, object] = answer.json()
    return found


def test_a_refresh_gives_no_member_of_a_group_that_the_client_lost(server: Running) -> None:
    server.create_client(**web("payer", exclusiveScopes=["pay"]))
    token = tokens(server, "payer", "openid pay")["refresh_token"]
    body = {"client": [{"name": "Payer", **{k: v for k, v in web("payer").items() if k != "secret"}}]}
    assert httpx.put(f"{server.issuer}/pf-ws/rest/oauth/clients", json=body, auth=SERVICE).status_code == 200
    answer = httpx.post(
        f"{server.issuer}/as/token.oauth2",
        data={"grant_type": "refresh_token", "refresh_token": token, "scope": "pay.write"},
        auth=("payer", SECRET),
    )
    assert answer.json()["error"] == "invalid_scope"


def test_a_claim_whose_scope_was_refused_is_not_released(server: Running) -> None:
    wish = json.dumps({"userinfo": {"email": None}})
    token = tokens(server, "web", "openid email", without="email", claims=wish)
    assert "email" not in user_info(server, token["access_token"])


def test_a_head_answer_has_one_content_length(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.runtime_port), timeout=5) as connection:
        connection.sendall(b"HEAD /pf/JWKS HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = connection.recv(65536).lower()
    assert answer.count(b"content-length") == 1


@pytest.mark.parametrize("host", ["[", "[::1", "]"])
def test_a_host_that_cannot_be_read_is_not_served(server: Running, host: str) -> None:
    assert httpx.get(f"{server.admin_url}/metrics", headers={"Host": host}).status_code in {400, 421}


def test_a_forwarded_header_of_the_caller_does_not_beat_that_of_the_proxy(server: Running) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=127.0.0.1"}
    assert httpx.get(f"{server.admin_url}/metrics", headers=headers).status_code == 401


@pytest.mark.parametrize("headers", [{"Forwarded": "for=unknown"}, {"X-Forwarded-For": "203.0.113.9, unknown"}])
def test_a_caller_whom_the_proxy_cannot_name_is_not_local(server: Running, headers: dict[str, str]) -> None:
    assert httpx.get(f"{server.admin_url}/metrics", headers=headers).status_code == 401


def test_guesses_at_a_service_account_are_bounded_also_all_at_once(server: Running) -> None:
    async def guess() -> list[int]:
        async with httpx.AsyncClient(timeout=60, headers={"X-Forwarded-For": "203.0.113.50"}) as http:
            url = f"{server.issuer}/pf-ws/rest/oauth/clients"
            answers = [http.get(url, auth=(SERVICE[0], f"wrong{number}")) for number in range(40)]
            return [answer.status_code for answer in await asyncio.gather(*answers)]

    assert asyncio.run(guess()).count(429) >= 15


def test_a_line_of_the_api_log_is_one_line_for_every_reader(server: Running) -> None:
    name = base64.b64encode("a\u2028b\u0085c\u009b31m:x".encode()).decode()
    httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients", headers={"Authorization": f"Basic {name}"})
    text = (server.data / "log" / "runtime-api.log").read_text()
    assert len(text.splitlines()) == text.count("\n")


def test_a_line_of_a_log_is_of_bounded_length(server: Running) -> None:
    long = base64.b64encode(b"u" * 200_000 + b":x").decode()
    httpx.get(f"{server.issuer}/pf-ws/rest/oauth/clients", headers={"Authorization": f"Basic {long}"})
    httpx.post(f"{server.issuer}/as/authorization.oauth2", data={"client_id": "\x01" * 60_000})
    for name in ("runtime-api.log", "audit.log"):
        text = (server.data / "log" / name).read_text()
        assert max(map(len, text.split("\n"))) < 8192


@pytest.mark.parametrize("target", ["http://evil.test", "http://evil.test:999999/", "http://[/"])
def test_a_target_that_cannot_be_read_is_refused_not_left_waiting(server: Running, target: str) -> None:
    with socket.create_connection(("127.0.0.1", server.runtime_port), timeout=5) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(12) in {b"HTTP/1.1 400", b"HTTP/1.1 404"}


def test_a_field_that_never_ends_is_cut_off(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.runtime_port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (1 << 20))
        assert connection.recv(12) == b"HTTP/1.1 400"


def test_a_memory_of_failures_does_not_keep_what_strangers_send(server: Running) -> None:
    def resident() -> int:
        assert server.process is not None
        return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096

    before = resident()
    with httpx.Client(timeout=30, headers={"X-Forwarded-For": "203.0.113.99"}) as http:
        for number in range(150):
            body = {"grant_type": "client_credentials", "client_id": f"{number:06}" + "z" * 250_000}
            http.post(f"{server.issuer}/as/token.oauth2", data=body)
    assert resident() - before < 16 << 20
