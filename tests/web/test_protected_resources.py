"""RFC 9728: what a client learns of an API that turned it away."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary.server import Server
from ostiary.web import protected_resources
from ostiary.web.app import Surface
from ostiary.web.call import Call, Reply
from ostiary.web.peers import Peers
from tests.house import changed, fresh_objects, make_server

pytestmark = pytest.mark.anyio
WELL_KNOWN = "/.well-known/oauth-protected-resource"


class House:
    def __init__(self, server: Server) -> None:
        self.server = server

    def now(self) -> Server:
        return self.server

    async def current(self) -> Server:
        return self.server


def server_with(*uris: str) -> Server:
    objects = fresh_objects()
    manager = replace(objects.managers["jwt"], resource_uris=uris, name="The API")
    return make_server(objects=replace(objects, managers={**objects.managers, "jwt": manager}))


async def ask(server: Server, path: str, query: bytes = b"", *headers: tuple[bytes, bytes]) -> Reply:
    surface = Surface(protected_resources.ROUTES, Peers(()))
    surface.house = House(server)
    return await surface.answer(Call("GET", path, path.encode(), query, list(headers), "192.0.2.7", "https", "r"))


def document(reply: Reply) -> Any:
    assert reply.status == 200
    return json.loads(reply.body)


async def test_a_resource_on_our_own_host_has_its_document_where_the_rfc_puts_it() -> None:
    server = server_with("https://as.example/mcp", "https://as.example", "https://as.example/q?a=b")
    found = document(await ask(server, f"{WELL_KNOWN}/mcp"))
    assert found == {
        "resource": "https://as.example/mcp",
        "resource_name": "The API",
        "authorization_servers": ["https://as.example"],
        "bearer_methods_supported": ["header"],
    }
    assert document(await ask(server, WELL_KNOWN))["resource"] == "https://as.example"
    assert document(await ask(server, f"{WELL_KNOWN}/q", b"a=b"))["resource"] == "https://as.example/q?a=b"
    assert (await ask(server, f"{WELL_KNOWN}/mcp/below")).status == 404
    assert (await ask(server, f"{WELL_KNOWN}/mcp/")).status == 404


async def test_a_gateway_asks_for_the_resource_it_stands_before() -> None:
    server = server_with("https://api.example/v1")
    reply = await ask(server, WELL_KNOWN, b"resource=https%3A%2F%2Fapi.example%2Fv1")
    assert document(reply)["resource"] == "https://api.example/v1"
    assert dict(reply.headers)[b"access-control-allow-origin"] == b"*"
    for query in (b"resource=https%3A%2F%2Fapi.example", b"resource=", b"", b"x=1"):
        assert (await ask(server, WELL_KNOWN, query)).status == 404


async def test_headers_change_nothing_and_the_role_everything() -> None:
    server = server_with("https://as.example/mcp")
    forged = ((b"host", b"evil.example"), (b"x-forwarded-host", b"evil.example"))
    assert (await ask(server, f"{WELL_KNOWN}/mcp", b"", *forged)).body == (await ask(server, f"{WELL_KNOWN}/mcp")).body
    assert (await ask(changed(server, roles__oauth=False), f"{WELL_KNOWN}/mcp")).status == 404
