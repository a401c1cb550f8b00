"""RFC 6749 §4.4: a client asks for itself."""

import pytest

from ostiary.declare import Override
from ostiary.errors import InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient
from ostiary.server_settings.scopes import Scope
from ostiary.tokens.access_tokens import read
from ostiary.tokens.handles import key_of
from ostiary.words import ClientAuth
from tests.house import add_client, ask, change_client, changed, events_of, make_server, segment

pytestmark = pytest.mark.anyio
CC = {"grant_type": "client_credentials"}


async def test_a_reference_token_is_stored_under_its_digest_only() -> None:
    server = make_server()
    await add_client(server)
    answer = await ask(server, **CC)
    assert set(answer) == {"access_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 7200)
    assert len(answer["access_token"]) == 28
    record = await server.stores.access_token(key_of(answer["access_token"]))
    assert record is not None
    assert answer["access_token"].encode() not in record.document + record.key
    assert (record.client_id, record.grant_id) == ("app", "")
    assert record.expires_at == server.clock.now() + 7_200_000


async def test_two_requests_get_two_tokens() -> None:
    server = make_server()
    await add_client(server)
    assert (await ask(server, **CC))["access_token"] != (await ask(server, **CC))["access_token"]


async def test_a_public_client_gets_nothing() -> None:
    server = make_server()
    await add_client(server, authentication__method=ClientAuth.NONE)
    with pytest.raises(UnauthorizedClient):
        await ask(server, **CC)


async def test_scopes_are_granted_in_their_order_and_openid_is_ignored() -> None:
    server = make_server()
    await add_client(server)
    answer = await ask(server, **CC, scope="email openid profile email")
    assert answer["scope"] == "email profile"
    assert "id_token" not in answer
    assert "refresh_token" not in answer


@pytest.mark.parametrize("scope", ["unknown", "profile unknown", "Profile", 'pro"file', "é", "a\\b"])
async def test_a_scope_that_is_not_available_refuses_the_request(scope: str) -> None:
    server = make_server()
    await add_client(server)
    with pytest.raises(InvalidScope):
        await ask(server, **CC, scope=scope)


async def test_an_exclusive_scope_is_for_those_who_have_it() -> None:
    server = make_server(scopes__exclusive=(Scope(name="admin"),))
    await add_client(server)
    await add_client(server, "boss", scopes__exclusive=("admin",))
    assert (await ask(server, "boss", **CC, scope="admin"))["scope"] == "admin"
    with pytest.raises(InvalidScope):
        await ask(server, **CC, scope="admin")


async def test_a_change_of_the_client_is_obeyed_by_the_next_request() -> None:
    server = make_server()
    await add_client(server)
    await ask(server, **CC, scope="profile")
    await change_client(server, "app", scopes__restrict=True)
    with pytest.raises(InvalidScope):
        await ask(server, **CC, scope="profile")


async def test_a_change_of_the_server_is_obeyed_by_the_next_request() -> None:
    server = make_server()
    await add_client(server)
    await ask(server, **CC, scope="profile")
    with pytest.raises(InvalidScope):
        await ask(changed(server, scopes__common=()), **CC, scope="profile")


async def test_the_clients_own_lifetime_wins_over_the_managers() -> None:
    server = make_server()
    await add_client(server, access_tokens__lifetime=Override(True, 90))
    assert (await ask(server, **CC))["expires_in"] == 90


async def test_a_manager_may_be_named() -> None:
    server = make_server()
    await add_client(server)
    token = (await ask(server, **CC, access_token_manager_id="jwt", scope="profile"))["access_token"]
    header, claims = segment(token, 0), segment(token, 1)
    assert header["typ"] == "at+jwt"
    assert {name: claims[name] for name in ("iss", "sub", "client_id", "scope")} == {
        "iss": server.issuer,
        "sub": "app",
        "client_id": "app",
        "scope": "profile",
    }
    assert claims["exp"] - claims["iat"] == 7200
    assert len(claims["jti"]) == 22


async def test_a_manager_that_is_not_there_is_refused() -> None:
    server = make_server()
    await add_client(server)
    with pytest.raises(InvalidRequest):
        await ask(server, **CC, access_token_manager_id="nobody")
    with pytest.raises(InvalidTarget):
        await ask(server, **CC, resource="https://api.example")


async def test_the_default_manager_of_the_client_is_taken() -> None:
    server = make_server()
    await add_client(server, access_tokens__default_manager="jwt")
    assert (await ask(server, **CC))["access_token"].count(".") == 2


async def test_what_happened_is_told_without_the_token() -> None:
    server = make_server()
    await add_client(server)
    answer = await ask(server, **CC, scope="profile")
    (event,) = events_of(server).events
    assert (event.name, event.client_id, event.scope, event.manager) == ("token.issued", "app", "profile", "reference")
    assert answer["access_token"] not in repr(event)


async def test_the_row_says_who_and_what_for() -> None:
    server = make_server()
    await add_client(server)
    answer = await ask(server, **CC, scope="profile")
    record = await server.stores.access_token(key_of(answer["access_token"]))
    assert record is not None
    stored = read(record)
    assert stored is not None
    assert (stored.scope, stored.attributes, stored.user_key) == (("profile",), {"sub": "app"}, "")
