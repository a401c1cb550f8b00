"""The sector document of pairwise clients, looked at whichever interface the client came through."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary.authorization_endpoint import endpoint
from ostiary.authorization_endpoint.outcomes import Visitor
from ostiary.authorization_endpoint.response_modes import AuthorizationResponse
from ostiary.client_management import registry
from ostiary.clients.dialects import admin
from ostiary.clients.prepared import Prepared
from ostiary.clients.registry import ClientRegistry, ClientsRefused
from ostiary.clients.sectors import Unreachable, check_before_use
from ostiary.errors import UnauthorizedClient
from ostiary.parameters import Parameters
from ostiary.ports.outbound import SECTOR, DocumentKind, NoOutbound, OutboundFailed
from tests.house import found, make_server
from tests.registration.desk import Desk

pytestmark = pytest.mark.anyio
URI = "https://sector.example/uris.json"


class Sector(NoOutbound):
    """Publishes one document, or does not answer."""

    def __init__(self, document: object = None) -> None:
        self.content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.is_away = document is None
        self.asked = 0

    async def document(self, url: str, kind: DocumentKind) -> bytes:
        assert (url, kind) == (URI, SECTOR)
        self.asked += 1
        if self.is_away:
            raise OutboundFailed("there is 10.0.0.1, and nobody is at home")
        return self.content


def client(**members: Any) -> dict[str, Any]:
    return {
        "clientId": "app",
        "name": "App",
        "grantTypes": ["AUTHORIZATION_CODE"],
        "redirectUris": ["https://a.example/", "https://b.example/"],
        "oidcPolicy": {"pairwiseIdentifierUserType": True, "sectorIdentifierUri": URI},
        **members,
    }


def registry_with(outbound: Sector) -> ClientRegistry:
    return registry(replace(make_server(), outbound=outbound))


async def save(where: ClientRegistry, **members: Any) -> Prepared:
    (saved,) = await where.create_many([admin.read(client(**members), None)], "test")
    return saved


async def test_a_document_that_lists_every_redirect_uri_is_good() -> None:
    saved = await save(registry_with(Sector(["https://a.example/", "https://b.example/", "https://c.example/"])))
    assert saved.warnings == ()


@pytest.mark.parametrize(
    "document",
    [["https://a.example/"], [], {"a": 1}, b"nonsense", b"[" * 100_000, [1, 2], ["https://a.example/", "https://B.example/"]],
)  # fmt: skip
async def test_a_document_that_lacks_one_or_is_none_is_refused_in_every_interface(document: object) -> None:
    with pytest.raises(ClientsRefused) as refused:
        await save(registry_with(Sector(document)))
    ((_, problem),) = refused.value.problems
    assert problem.field == "openid.sector_identifier_uri"
    assert problem.rule == "V18"


async def test_the_url_of_the_keys_is_looked_for_too() -> None:
    listed = ["https://a.example/", "https://b.example/"]
    keys = {"jwksSettings": {"jwksUrl": "https://a.example/keys"}}
    with pytest.raises(ClientsRefused, match="1 problems"):
        await save(registry_with(Sector(listed)), **keys)
    await save(registry_with(Sector([*listed, "https://a.example/keys"])), **keys)


async def test_one_that_cannot_be_fetched_is_a_warning_for_administrators_and_tells_nothing() -> None:
    saved = await save(registry_with(Sector()))
    ((warning),) = saved.warnings
    assert warning.message == "the document could not be fetched"


async def test_it_is_then_looked_at_before_the_client_is_used_and_not_again_after_that() -> None:
    outbound = Sector()
    server = replace(make_server(), outbound=outbound)
    await registry(server).create_many([admin.read(client(), None)], "test")
    used = await found(server, "app")
    with pytest.raises(UnauthorizedClient) as refused:
        await check_before_use(used, server.stores, outbound)
    assert "10.0.0.1" not in refused.value.description
    outbound.is_away, outbound.content = False, b'["https://a.example/"]'
    with pytest.raises(UnauthorizedClient):
        await check_before_use(used, server.stores, outbound)
    outbound.content = b'["https://a.example/", "https://b.example/"]'
    await check_before_use(used, server.stores, outbound)
    outbound.is_away = True
    await check_before_use(used, server.stores, outbound)


async def test_a_change_that_could_be_checked_settles_it() -> None:
    outbound = Sector()
    server = replace(make_server(), outbound=outbound)
    await registry(server).create_many([admin.read(client(), None)], "test")
    assert await server.stores.is_sector_unchecked("app")
    other = client(name="Other")
    await registry(server).replace_many([("app", lambda now: admin.read(other, now))], "test")
    assert await server.stores.is_sector_unchecked("app")
    outbound.is_away, outbound.content = False, b'["https://a.example/"]'
    fewer = client(redirectUris=["https://a.example/"])
    await registry(server).replace_many([("app", lambda now: admin.read(fewer, now))], "test")
    assert not await server.stores.is_sector_unchecked("app")


async def test_the_authorization_endpoint_tells_the_client_while_it_cannot_be_checked() -> None:
    server = replace(make_server(), outbound=Sector())
    await registry(server).create_many([admin.read(client(), None)], "test")
    asked = Parameters.of(
        client_id="app", response_type="code", redirect_uri="https://a.example/", scope="openid", prompt="none"
    )
    answer = await endpoint.authorize(asked, Visitor(browser="b"), server)
    assert isinstance(answer, AuthorizationResponse)
    assert ("error", "unauthorized_client") in answer.members


async def test_it_is_not_fetched_for_whoever_says_so_nor_for_what_is_refused_anyway() -> None:
    outbound = Sector([])
    where = replace(registry_with(outbound), unreachable=Unreachable.SKIP)
    await save(where)
    assert await where.stores.is_sector_unchecked("app")  # so it is looked at before the client is used
    with pytest.raises(ClientsRefused):
        await save(registry_with(outbound), grantTypes=[])
    assert outbound.asked == 0


async def test_it_is_fetched_again_when_something_changes_that_it_speaks_of() -> None:
    outbound = Sector(["https://a.example/", "https://b.example/"])
    where = registry_with(outbound)
    await save(where)
    await where.replace_many([("app", lambda now: admin.read(client(name="Other"), now))], "test")
    assert outbound.asked == 1
    fewer = client(redirectUris=["https://a.example/"])
    await where.replace_many([("app", lambda now: admin.read(fewer, now))], "test")
    assert outbound.asked == 2
    more = client(redirectUris=["https://a.example/", "https://c.example/"])
    with pytest.raises(ClientsRefused):
        await where.replace_many([("app", lambda now: admin.read(more, now))], "test")


@pytest.mark.parametrize(
    ("document", "status"),
    [(["https://a.example/", "https://b.example/"], 201), (["https://a.example/"], 400), (None, 400)],
)
async def test_a_registration_needs_a_document_that_can_be_fetched(document: object, status: int) -> None:
    """OpenID Connect Registration §5."""
    desk = Desk()
    desk.server = replace(desk.server, outbound=Sector(document))
    answer = await desk.register(
        redirect_uris=["https://a.example/", "https://b.example/"], subject_type="pairwise", sector_identifier_uri=URI
    )
    assert answer.status == status
    if status == 400:
        assert answer.error == "invalid_client_metadata"
        assert answer.description.startswith("sector_identifier_uri: ")
        assert "10.0.0.1" not in answer.description
