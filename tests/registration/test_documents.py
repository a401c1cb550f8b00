"""Client ID metadata documents: who is a client because a URL says so, and who is not."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary.discovery import metadata as discovered
from ostiary.ports.outbound import CLIENT_METADATA, SECTOR, DocumentKind, NoOutbound, OutboundFailed
from ostiary.registration.documents import DocumentClients, finder
from ostiary.server import Server
from ostiary.server_settings.plugins import AllowedHostsConfiguration, QuotaConfiguration, RequiredProofsConfiguration
from ostiary.words import ClientAuth, GrantType
from tests.house import add_client, make_server
from tests.registration.desk import with_policies

pytestmark = pytest.mark.anyio

URL = "https://app.example/oauth/client.json"
DOCUMENT: dict[str, Any] = {
    "client_id": URL,
    "client_name": "An app",
    "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb", "http://localhost:33418/"],
}


class Web(NoOutbound):
    """Pages by address."""

    def __init__(self, **pages: Any) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.put(URL, DOCUMENT)

    def put(self, url: str, page: Any) -> None:
        self.pages[url] = page if isinstance(page, bytes) else json.dumps(page).encode()

    async def document(self, url: str, kind: DocumentKind) -> bytes:
        assert kind is (SECTOR if "sector" in url else CLIENT_METADATA)
        self.asked.append(url)
        if url not in self.pages:
            raise OutboundFailed("not there")
        return self.pages[url]


def place(web: Web | None = None, **settings: Any) -> tuple[Server, Web]:
    web = web or Web()
    server = replace(make_server(client_documents__enabled=True, **settings), outbound=web)
    server.clients.elsewhere = finder(server)
    return server, web


async def test_a_client_is_what_its_document_says_and_nothing_is_stored() -> None:
    server, _ = place()
    client = await server.clients.get(URL)
    assert client is not None
    assert client.client_id == URL
    assert client.identity.name == "An app"
    assert client.authentication.method is ClientAuth.NONE
    assert client.grants.allowed == {GrantType.AUTHORIZATION_CODE}
    assert client.requests.require_pkce
    assert client.version == 0
    assert await server.clients.get(URL) is client
    assert await server.stores.count_clients() == 0
    assert len(server.clients) == 0


async def test_it_is_off_by_default_and_told_when_on() -> None:
    server = make_server()
    assert finder(server) is None
    assert "client_id_metadata_document_supported" not in discovered(server)
    assert discovered(place()[0])["client_id_metadata_document_supported"] is True


async def test_a_registered_client_of_the_same_id_stands_above_its_document() -> None:
    server, web = place()
    await add_client(server, URL)
    client = await server.clients.get(URL)
    assert client is not None
    assert client.version == 1
    assert web.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "app", "", "http://app.example/client.json", "HTTPS://app.example/c.json", "https://app.example", "https://app.example/",
        "https://app.example/../c", "https://app.example/a/%2E%2e/c", "https://app.example/./c", "https://app.example/c#f",
        "https://app.example/c?q", "https://u:p@app.example/c", "https://app.example/c*", "https://app.ex\u00e4mple/c",
        "https://app.example/" + "c" * 300, "https://app.example:99999/c", "https://app.example/c\x00", "https:///c",
    ],
)  # fmt: skip
async def test_what_is_no_plain_url_with_a_path_is_not_looked_up(url: str) -> None:
    server, web = place()
    web.put(url, {**DOCUMENT, "client_id": url})
    assert await server.clients.get(url) is None
    assert web.asked == []


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "https://app.example/oauth/other.json"},
        {"client_id": URL + "/"},
        {"client_id": None},
        {"client_secret": "x"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=a"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"id_token_signed_response_alg": "HS256"},
        {"grant_types": ["authorization_code", "client_credentials"]},
        {"grant_types": ["authorization_code", "implicit"]},
        {"grant_types": ["password"]},
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"redirect_uris": ["https://evil.example/cb"]},
        {"redirect_uris": ["https://app.example.evil.example/cb"]},
        {"redirect_uris": ["https://app.example:8443/cb"]},
        {"redirect_uris": ["http://app.example/cb"]},
        {"redirect_uris": ["https://*.app.example/cb"]},
        {"redirect_uris": ["com.example.app:/cb"], "application_type": "native"},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"scope": "nonsense"},
        {"bypassApprovalPage": True},
        {"logo_uri": "data:image/svg+xml,x"},
        {"client_name": 5},
    ],
)
async def test_a_document_that_claims_what_it_cannot_is_no_client(change: dict[str, Any]) -> None:
    """Threats T-32, T-35."""
    server, web = place()
    web.put(URL, {name: value for name, value in {**DOCUMENT, **change}.items() if value is not None})
    assert await server.clients.get(URL) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"client_id":1,"client_id":2}', b"[" * 30_000])
async def test_a_body_that_is_no_plain_object_is_no_client(body: bytes) -> None:
    server, web = place()
    web.put(URL, body)
    assert await server.clients.get(URL) is None


async def test_a_foreign_sector_is_not_to_be_had_by_naming_it() -> None:
    """Threat T-57."""
    server, web = place()
    sector = "https://victim.example/sector.json"
    web.put(URL, {**DOCUMENT, "subject_type": "pairwise", "sector_identifier_uri": sector})
    web.put(sector, ["https://victim.example/cb"])
    assert await server.clients.get(URL) is None
    web.put(sector, DOCUMENT["redirect_uris"])
    assert await server.clients.get(URL) is not None


async def test_keys_of_its_own_may_prove_a_client() -> None:
    server, web = place()
    web.put(
        URL,
        {**DOCUMENT, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/keys"},
    )
    client = await server.clients.get(URL)
    assert client is not None
    assert client.authentication.method is ClientAuth.PRIVATE_KEY_JWT


@pytest.mark.parametrize(
    ("settings", "is_read"),
    [
        ({"allowed_hosts": ("app.example",)}, True),
        ({"allowed_hosts": ("APP.example",)}, True),
        ({"allowed_hosts": ("*.example",)}, True),
        ({"allowed_hosts": ("other.example",)}, False),
        ({"allowed_hosts": ("*.app.example",)}, False),
        ({"denied_hosts": ("app.example",)}, False),
        ({"denied_hosts": ("*.example",)}, False),
        ({"denied_hosts": ("pp.example",)}, True),
    ],
)
async def test_administrators_say_whose_documents_are_read(settings: dict[str, Any], is_read: bool) -> None:
    server, web = place(**{f"client_documents__{name}": value for name, value in settings.items()})
    assert (await server.clients.get(URL) is not None) is is_read
    assert bool(web.asked) is is_read


async def test_a_changed_document_is_a_changed_client_and_a_lost_one_is_none() -> None:
    server, web = place()
    before = await server.clients.get(URL)
    web.put(URL, {**DOCUMENT, "client_name": "Another"})
    after = await server.clients.get(URL)
    assert before is not None
    assert after is not None
    assert after.identity.name == "Another"
    web.put(URL, {"error": "gone"})
    assert await server.clients.get(URL) is None
    del web.pages[URL]
    assert await server.clients.get(URL) is None


async def test_the_policies_of_registration_hold_here_too() -> None:
    hosts = AllowedHostsConfiguration(hosts="elsewhere.example")
    for kinds, is_client in (
        ({"allowed_hosts": hosts}, False),
        ({"required_proofs": RequiredProofsConfiguration(dpop=True), "quota": QuotaConfiguration(per_source=1)}, True),
    ):
        objects, ids = with_policies(**kinds)
        server, _ = place(registration__registration_policies=ids)
        server = replace(server, objects=objects)
        server.clients.elsewhere = finder(server)
        client = await server.clients.get(URL)
        assert (client is not None) is is_client
        if client is not None:
            assert client.requests.require_dpop


async def test_looking_in_vain_is_held_up_and_finding_is_not() -> None:
    """Threat T-32: nobody may make this server call others without end."""
    server, web = place()
    known = DocumentClients(server)
    for number in range(100):
        url = f"https://app.example/{number}"
        web.put(url, {**DOCUMENT, "client_id": url})
        assert await known.find(url) is not None
    web.asked.clear()
    for number in range(100):
        assert await known.find(f"https://victim.example/{number}") is None
    assert len(web.asked) == 20
    assert await known.find("https://app.example/1") is not None


async def test_memory_is_bounded_whatever_is_looked_up() -> None:
    server, web = place()
    known = DocumentClients(server, most=10)
    for number in range(30):
        url = f"https://app.example/{number}"
        web.put(url, {**DOCUMENT, "client_id": url})
        await known.find(url)
        assert len(known) <= 10
