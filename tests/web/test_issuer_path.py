"""What an issuer with a path answers, below its path and beside it."""

import msgspec
import pytest

from ostiary.server import Server
from ostiary.web import runtime
from ostiary.web.app import Surface
from ostiary.web.call import Call, Reply
from ostiary.web.peers import Peers
from tests.house import make_server

pytestmark = pytest.mark.anyio
ISSUER = "https://login.example.org/op"


class Standing:
    """A house whose configuration never changes."""

    def __init__(self) -> None:
        self._server = make_server(issuer=ISSUER)

    def now(self) -> Server | None:
        return self._server

    async def current(self) -> Server:
        return self._server


async def asked(path: str) -> Reply:
    surface = Surface(
        runtime.ROUTES, Peers(()), base_path="/op", published=runtime.PUBLISHED, outside=runtime.beside("/op")
    )
    surface.house = Standing()
    call = Call(
        method="GET",
        path=path,
        raw_path=path.encode(),
        query=b"",
        headers=[],
        source="192.0.2.7",
        scheme="https",
        request_id="",
    )
    return await surface.answer(surface.call_of(call))


@pytest.mark.parametrize("path", ["/op/pf/heartbeat.ping", "/pf/heartbeat.ping"])
async def test_the_heartbeat_is_heard_with_and_without_the_path(path: str) -> None:
    assert (await asked(path)).body == b"OK"


@pytest.mark.parametrize(
    "path", ["/op/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/op"]
)
async def test_the_metadata_are_found_behind_the_issuer_and_behind_the_well_known_name(path: str) -> None:
    assert msgspec.json.decode((await asked(path)).body)["issuer"] == ISSUER


@pytest.mark.parametrize(
    "path",
    [
        "/pf/JWKS",
        "/as/token.oauth2",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/other",
        "/opera/pf/heartbeat.ping",
        "/op",
        "/",
    ],
)
async def test_nothing_else_is_served_beside_the_path(path: str) -> None:
    assert (await asked(path)).status == 404
