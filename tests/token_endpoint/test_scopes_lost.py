"""A client that lost a scope gets nothing of it any more (threat T-14)."""

import pytest

from ostiary.errors import InvalidScope
from ostiary.server import Server
from ostiary.server_settings.scopes import Scope, ScopeGroup
from ostiary.token_endpoint.scopes import narrowed
from tests.house import add_client, change_client, make_server

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Server:
    return make_server(
        scopes__exclusive=(Scope(name="pay.read", description=""), Scope(name="pay.write", description="")),
        scopes__exclusive_groups=(ScopeGroup(name="pay", description="", scopes=("pay.read", "pay.write")),),
    )


async def test_a_member_goes_with_its_group(server: Server) -> None:
    client = await add_client(server, "app", scopes__exclusive=("pay",))
    assert narrowed("pay.write", ("openid", "pay"), client, server) == ("pay.write",)
    client = await change_client(server, "app", scopes__exclusive=())
    assert narrowed(None, ("openid", "pay"), client, server) == ("openid",)
    for wanted in ("pay.write", "pay", "openid pay.read"):
        with pytest.raises(InvalidScope):
            narrowed(wanted, ("openid", "pay"), client, server)
