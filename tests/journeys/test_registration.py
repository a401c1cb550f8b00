"""Clients that register themselves, against running servers with several processes, over HTTP."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7591 import ClientMetadataClaims
from authlib.oidc.registration import ClientMetadataClaims as OpenIdMetadataClaims

from tests.journeys.person import Person
from tests.outside import Outside, authorities, outside
from tests.running import SERVICE, Running, running
from tests.scale import SCALE

AT_ONCE = min(100, 12 * SCALE)
ROUNDS = min(50, 2 * SCALE)
CALLBACK = "https://app.example.org/cb"
PEOPLE = json.dumps([{"username": "joe", "password": "Password1", "claims": {}}])
METADATA: dict[str, Any] = {
    "client_name": "A developer's client",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid email",
    "contacts": ["dev@app.example.org"],
}
SETTINGS: dict[str, Any] = {
    "authServerSettings": {
        "scopes": [{"name": "email"}, {"name": "register"}],
        "clientIdMetadataDocuments": {"enabled": True},
    },
    "clientSettings": {
        "dynamicClientRegistration": {
            "initialAccessTokenScope": "register",
            "allowClientDelete": True,
            "rotateRegistrationAccessToken": True,
            "rotateClientSecret": True,
        }
    },
}
OPEN: dict[str, Any] = {"clientSettings": {"dynamicClientRegistration": {}}}


@dataclass
class House:
    """A running server, and somebody else's web server that it may call."""

    server: Running
    there: Outside

    @property
    def endpoint(self) -> str:
        """Where clients are registered."""
        return f"{self.server.issuer}/as/clients.oauth2"

    def apply(self, settings: dict[str, Any]) -> None:
        """Change settings as an operator does."""
        applied = self.server.command("server", "apply", "-", stdin=json.dumps(settings))
        assert applied.returncode == 0, applied.stderr

    def initial_token(self, uses: int = 1) -> str:
        """An initial access token, as an operator makes it."""
        made = self.server.command("registration-tokens", "add", "--uses", str(uses), "--note", "a test")
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def register(self, token: str, **metadata: Any) -> httpx.Response:
        """POST of the metadata, with these changed."""
        headers = {"authorization": f"Bearer {token}"}
        return httpx.post(self.endpoint, json={**METADATA, **metadata}, headers=headers, timeout=20)

    def count(self) -> int:
        """How many clients there are."""
        listed = self.server.command("clients", "list")
        return len(listed.stdout.splitlines())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_url: str
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp(request.param)
    environment = {
        "OSTIARY_WORKERS": "2",
        "OSTIARY_OUTBOUND_ALLOW": "127.0.0.1/32",
        "OSTIARY_OUTBOUND_CA": authorities(folder),
    }
    if request.param == "postgresql":
        environment["OSTIARY_DATABASE_URL"] = postgresql_url
    with outside() as there, running(folder / "data", environment=environment) as server:
        assert server.command("users", "import", "-", stdin=PEOPLE).returncode == 0
        house = House(server, there)
        house.apply(SETTINGS)
        yield house


def bearer(registered: dict[str, Any]) -> OAuth2Client:
    """Authlib, with the registration access token."""
    token = {"access_token": registered["registration_access_token"], "token_type": "Bearer"}
    return OAuth2Client(token=token, timeout=20)


def test_the_whole_life_of_a_registered_client(house: House) -> None:
    """RFC 7591 and RFC 7592 with Authlib: registered, used, read, replaced, removed."""
    discovery = httpx.get(f"{house.server.issuer}/.well-known/openid-configuration").json()
    assert discovery["registration_endpoint"] == house.endpoint
    initial = OAuth2Client(token={"access_token": house.initial_token(), "token_type": "Bearer"}, timeout=20)
    created = initial.post(discovery["registration_endpoint"], json=METADATA)
    assert created.status_code == 201, created.text
    client = created.json()
    for claims in (ClientMetadataClaims, OpenIdMetadataClaims):
        claims(client, {}).validate()
    assert initial.post(discovery["registration_endpoint"], json=METADATA).status_code == 401  # it was for one

    tokens = tokens_of(house, client)
    assert "refresh_token" in tokens

    read = bearer(client).get(client["registration_client_uri"])
    assert read.status_code == 200
    assert bearer(client).get(client["registration_client_uri"]).status_code == 401  # it was rotated
    client |= read.json()
    assert tokens_of(house, client)  # with the secret that was rotated too

    own = {name: client[name] for name in METADATA}
    replaced = bearer(client).put(
        client["registration_client_uri"],
        json={**own, "client_id": client["client_id"], "client_name": "Renamed", "scope": "openid"},
    )
    assert replaced.status_code == 200, replaced.text
    client |= replaced.json()
    assert (client["client_name"], client["scope"]) == ("Renamed", "openid")

    last = tokens_of(house, client, scope="openid")
    gone = bearer(client).delete(client["registration_client_uri"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert bearer(client).get(client["registration_client_uri"]).status_code == 401
    refused = httpx.post(
        discovery["token_endpoint"],
        data={"grant_type": "refresh_token", "refresh_token": last["refresh_token"]},
        auth=(client["client_id"], client["client_secret"]),
    )
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def tokens_of(house: House, client: dict[str, Any], scope: str = "openid email", **more: str) -> dict[str, Any]:
    """The code flow with Authlib."""
    verifier = secrets.token_urlsafe(48)
    with OAuth2Client(
        client["client_id"],
        client.get("client_secret"),
        scope=scope,
        redirect_uri=client["redirect_uris"][0],
        code_challenge_method="S256",
        token_endpoint_auth_method=client.get("token_endpoint_auth_method", "client_secret_basic"),
        timeout=20,
    ) as application:
        url, _ = application.create_authorization_url(
            f"{house.server.issuer}/as/authorization.oauth2", code_verifier=verifier, **more
        )
        back = Person().authorize(url)
        found: dict[str, Any] = application.fetch_token(
            f"{house.server.issuer}/as/token.oauth2",
            authorization_response=str(back),
            code_verifier=verifier,
            **more,
        )
        return found


def test_of_many_rotations_at_once_one_is_kept(house: House) -> None:
    token = house.initial_token(uses=ROUNDS)
    for _ in range(ROUNDS):
        client = house.register(token).json()
        answers = at_once(
            lambda client=client: httpx.get(
                client["registration_client_uri"],
                headers={"authorization": f"Bearer {client['registration_access_token']}"},
                timeout=20,
            )
        )
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert {answer.status_code for answer in answers} <= {200, 401, 503}
        assert bearer(won[0].json()).get(client["registration_client_uri"]).status_code == 200


def test_of_many_registrations_at_once_no_more_come_about_than_the_token_is_for(house: House) -> None:
    before = house.count()
    token = house.initial_token(uses=3)
    answers = at_once(lambda: house.register(token))
    assert [answer.status_code for answer in answers].count(201) == 3
    assert {answer.status_code for answer in answers} <= {201, 401, 429}
    assert house.count() == before + 3


def at_once(act: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """The same request from many threads at one moment."""
    start = Barrier(AT_ONCE)

    def run(_: int) -> httpx.Response:
        start.wait(30)
        return act()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


NAMES = [*METADATA, "jwks", "response_types", "subject_type", "default_max_age", "logo_uri", "software_statement"]
VALUES: list[Any] = [
    None, True, 0, -1, 1e308, 10**400, "", "\x00", "a\x00b", "\ud800", "x" * 60_000, "\x1b[2J", [], [None], [[]], {},
    {"a": {}}, ["\x00"], ["\ud800"], ["x"] * 5000, "\u202e\u2028", "javascript:alert(1)",
]  # fmt: skip


def hostile() -> Iterator[bytes]:
    yield from (
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"5",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b"{" + b" " * 200_000,
    )
    yield b'{"scope":"openid","scope":"register"}'
    yield json.dumps({**METADATA, "redirect_uris": [f"{CALLBACK}/{n}" for n in range(10_000)]}).encode()
    yield json.dumps({f"m{n}": n for n in range(9000)} | METADATA).encode()
    for name in NAMES:
        for value in VALUES:
            yield json.dumps({**METADATA, name: value}, allow_nan=False).encode()


def test_hostile_bodies_are_answered_and_never_half_stored(house: House) -> None:
    """Threats T-35, T-59."""
    token = house.initial_token(uses=10_000)
    before, stored = house.count(), 0
    with httpx.Client(timeout=20, headers={"authorization": f"Bearer {token}"}) as http:
        for body in hostile():
            answer = http.post(house.endpoint, content=body, headers={"content-type": "application/json"})
            assert answer.status_code in (201, 400, 413), (body[:200], answer.text)
            if answer.status_code == 201:
                stored += 1
            elif answer.status_code == 400:
                assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer.json()["error_description"])
        assert http.get(f"{house.endpoint}/dc-none").status_code == 401
    assert house.count() == before + stored
    assert "Traceback" not in house.server.log.read_text()


# Through the outbound door -------------------------------------------------------------------------------------------


def test_a_sector_document_is_fetched_and_held_against_the_client(house: House) -> None:
    listed = house.there.serves("/sector.json", json.dumps([CALLBACK]).encode())
    sent = {"subject_type": "pairwise", "sector_identifier_uri": listed}
    token = house.initial_token(uses=10)
    assert house.register(token, **sent).status_code == 201
    assert house.there.seen("/sector.json") > 0
    refused = house.register(token, **sent, redirect_uris=[CALLBACK, "https://other.example.org/cb"])
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_client_metadata"
    assert "other.example.org" in refused.json()["error_description"]
    service = {"client": [{"clientId": "s", "name": "S", "grantTypes": ["authorization_code"], "redirectUris": ["https://x.example/"],
                           "pairwiseUserType": True, "sectorIdentifierUri": listed}]}  # fmt: skip
    through_service = httpx.post(f"{house.server.issuer}/pf-ws/rest/oauth/clients", json=service, auth=SERVICE)
    assert through_service.status_code == 400
    assert "sectorIdentifierUri" in through_service.text


def test_a_client_that_only_a_url_stands_for_walks_the_code_flow(house: House) -> None:
    """What a client of the Model Context Protocol does: document, resource, tokens for that resource."""
    api = f"{house.server.issuer}/mcp"
    managers = {"accessTokenManagers": [{"id": "jwt", "selectionSettings": {"resourceUris": [api]}}]}
    house.apply(managers)
    resource = httpx.get(f"{house.server.issuer}/.well-known/oauth-protected-resource/mcp").json()
    assert resource["resource"] == api
    assert resource["authorization_servers"] == [house.server.issuer]
    metadata = httpx.get(f"{resource['authorization_servers'][0]}/.well-known/oauth-authorization-server").json()
    assert metadata["client_id_metadata_document_supported"] is True
    assert "none" in metadata["token_endpoint_auth_methods_supported"]

    path = f"/{secrets.token_hex(4)}/client.json"
    url = house.there.url(path)
    client: dict[str, Any] = {
        "client_id": url,
        "client_name": "An agent",
        "redirect_uris": ["http://127.0.0.1:7777/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    house.there.serves(path, json.dumps(client).encode())

    asked = {"client_id": url, "response_type": "code", "redirect_uri": "http://127.0.0.1:7777/callback"}
    person = Person()
    challenge = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    start = f"{house.server.issuer}/as/authorization.oauth2?"
    consent = person.sign_on(person.go(start + urlencode({**asked, **challenge, "scope": "openid"})))
    assert f"localhost:{house.there.port}" in consent.text
    assert "allow it only if you started it yourself" in consent.text
    without = httpx.get(start + urlencode(asked), follow_redirects=False)
    assert "code_challenge" in without.headers["location"]  # PKCE is demanded of it

    tokens = tokens_of(house, client, scope="email", resource=api)
    assert tokens["access_token"].count(".") == 2  # the manager of the resource makes JWTs
    refreshed = httpx.post(
        f"{house.server.issuer}/as/token.oauth2",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": url},
    )
    assert refreshed.status_code == 200, refreshed.text
    assert house.there.seen(path) <= 2  # once for each process
    elsewhere = httpx.get(start + urlencode({**asked, **challenge, "resource": "https://other.example/"}))
    assert "invalid_target" in str(elsewhere.headers.get("location"))


def test_a_document_that_is_none_shows_an_error_and_is_not_asked_for_again_and_again(house: House) -> None:
    path = f"/{secrets.token_hex(4)}"
    asked = {"client_id": house.there.url(path), "response_type": "code", "redirect_uri": "http://127.0.0.1/cb"}
    for _ in range(6):
        page = httpx.get(f"{house.server.issuer}/as/authorization.oauth2?{urlencode(asked)}")
        assert page.status_code == 400
        assert "location" not in page.headers
    assert house.there.seen(path) <= 4


NOTATIONS = (
    "localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost.", "[::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0",
)  # fmt: skip


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server as it is installed: it may call public addresses only."""
    folder = tmp_path_factory.mktemp("guarded")
    with (
        outside() as there,
        running(folder / "data", environment={"OSTIARY_OUTBOUND_CA": authorities(folder)}) as server,
    ):
        house = House(server, there)
        document = {"authServerSettings": {"clientIdMetadataDocuments": {"enabled": True}}}
        house.apply({**OPEN, **document})
        yield house


def test_a_listener_inside_sees_nothing_whatever_url_is_given_by_whichever_way(guarded: House) -> None:
    """Threats T-30, T-31: each URI-valued field, by registration and by the service; and a client id."""
    members = (
        "sector_identifier_uri", "jwks_uri", "logo_uri", "client_uri", "policy_uri", "tos_uri", "initiate_login_uri",
        "backchannel_logout_uri", "frontchannel_logout_uri",
    )  # fmt: skip
    for host in NOTATIONS:
        url = guarded.there.url("/x.json", host)
        sent = {"client_name": "x", "redirect_uris": [CALLBACK], "subject_type": "pairwise"}
        for member in members if host == "localhost" else members[:3]:
            answer = httpx.post(guarded.endpoint, json={**sent, member: url}, timeout=20)
            assert answer.status_code in (201, 400, 429), answer.text
            if member == "sector_identifier_uri" and host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]"):
                said = "sector_identifier_uri: the document could not be fetched"
                assert answer.json()["error_description"] == said
        service = {
            "clientId": f"s {host}",
            "name": "S",
            "grantTypes": ["authorization_code"],
            "redirectUris": [CALLBACK],
            "pairwiseUserType": True,
            "sectorIdentifierUri": url,
        }
        httpx.post(f"{guarded.server.issuer}/pf-ws/rest/oauth/clients", json={"client": [service]}, auth=SERVICE)
        asked = urlencode({"client_id": url, "response_type": "code", "redirect_uri": "http://127.0.0.1/cb"})
        assert httpx.get(f"{guarded.server.issuer}/as/authorization.oauth2?{asked}").status_code == 400
    assert guarded.there.connections == 0


def test_a_flood_of_open_registrations_is_held_up(guarded: House) -> None:
    """Threat T-62."""
    sent = {"client_name": "x", "redirect_uris": [CALLBACK]}
    statuses = [httpx.post(guarded.endpoint, json=sent).status_code for _ in range(60)]
    assert 429 in statuses


def test_registration_is_closed_in_a_new_installation(tmp_path: Path) -> None:
    """Threat T-34."""
    with running(tmp_path) as server:
        answer = httpx.post(f"{server.issuer}/as/clients.oauth2", json=METADATA)
        assert answer.status_code == 404
        found = httpx.get(f"{server.issuer}/.well-known/openid-configuration").json()
        assert "registration_endpoint" not in found
        assert "client_id_metadata_document_supported" not in found
        listed = server.command("registration-tokens", "list")
        assert (listed.returncode, listed.stdout) == (0, "")


@pytest.mark.slow
def test_initial_tokens_are_made_listed_and_revoked_at_the_command_line(house: House) -> None:
    """Slow: every command is a process of its own."""
    token = house.initial_token()
    listed = house.server.command("registration-tokens", "list").stdout
    assert token not in listed
    token_id = listed.splitlines()[-1].split("\t")[0]
    assert "1 of 1" in listed.splitlines()[-1]
    assert listed.splitlines()[-1].endswith("register\ta test")
    assert house.server.command("registration-tokens", "revoke", token_id).returncode == 0
    assert house.register(token).status_code == 401
    assert house.server.command("registration-tokens", "revoke", token_id).returncode == 1
    assert house.server.command("registration-tokens", "add", "--uses", "0").returncode == 2
    assert house.server.command("registration-tokens", "add", "--scope", "a  b").returncode == 2
