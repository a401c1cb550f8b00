"""A server without its roles serves no protocol (S168, S169)."""

import pytest

from ostiary.server import Server
from ostiary.web import runtime
from ostiary.web.app import Surface
from ostiary.web.call import Call
from ostiary.web.peers import Peers
from tests.house import make_server

pytestmark = pytest.mark.anyio


class House:
    """One server, always the newest."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def now(self) -> Server:
        return self.server

    async def current(self) -> Server:
        return self.server


def surface(server: Server, base_path: str = "") -> Surface:
    made = Surface(runtime.ROUTES, Peers(()), base_path=base_path, published=runtime.PUBLISHED, is_off=runtime.is_off)
    made.house = House(server)
    return made


async def status(made: Surface, path: str, method: str = "GET") -> int:
    call = Call(method, path, path.encode(), b"", [], "192.0.2.7", "https", "r-1", content=b"")
    return (await made.answer(call)).status


@pytest.mark.parametrize("base_path", ["", "/tenant"])
async def test_without_the_authorization_server_role_only_load_balancers_are_answered(base_path: str) -> None:
    made = surface(make_server(roles__oauth=False), base_path)
    for path, methods in runtime.ROUTES.items():
        expected = 200 if path == runtime.HEARTBEAT else 404
        assert await status(made, base_path + path, next(iter(methods))) == expected  # type: ignore[arg-type]
    for path in runtime.PUBLISHED:
        assert made.ready((base_path + path).encode(), []) is None


async def test_without_the_openid_role_there_is_no_user_info() -> None:
    made = surface(make_server(roles__openid=False))
    assert await status(made, runtime.USER_INFO) == 404
    assert await status(made, "/pf/JWKS") == 200
    assert made.ready(b"/pf/JWKS", []) is not None
    assert await status(surface(make_server()), runtime.USER_INFO) == 401
