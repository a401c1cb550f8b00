"""RFC 7662: what a resource server may know of a token."""

from typing import Any

import pytest

from ostiary.errors import InvalidClient, InvalidRequest, UnauthorizedClient
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.tokens.introspection import introspect
from ostiary.words import ClientAuth, GrantType
from tests.house import (
    add_client,
    add_person,
    ask,
    change_client,
    changed,
    clock_of,
    code_for,
    events_of,
    found,
    make_server,
    redeem,
    refresh,
)

pytestmark = pytest.mark.anyio
INACTIVE = {"active": False}
RESOURCE_SERVER = {"grants__allowed": frozenset({GrantType.ACCESS_TOKEN_VALIDATION})}


async def house(**values: Any) -> Server:
    server = make_server()
    await add_client(server)
    await add_client(server, "api", **RESOURCE_SERVER, **values)
    await add_person(server)
    return server


async def about(server: Server, token: str, caller: str = "api", **parameters: str) -> dict[str, Any]:
    return await introspect(Parameters.of(token=token, **parameters), await found(server, caller), server)


async def machine_token(server: Server, **parameters: str) -> str:
    token: str = (await ask(server, grant_type="client_credentials", **parameters))["access_token"]
    return token


async def test_an_active_token_says_what_it_stands_for() -> None:
    server = await house()
    answer = await about(server, await machine_token(server, scope="profile"))
    assert answer == {
        "active": True,
        "client_id": "app",
        "scope": "profile",
        "exp": server.clock.now() // 1000 + 7200,
        "token_type": "Bearer",
        "sub": "app",
    }


async def test_a_persons_token_has_what_the_mapping_says() -> None:
    server = await house()
    answer = await about(server, (await redeem(server, await code_for(server)))["access_token"])
    assert (answer["sub"], answer["scope"]) == ("joe", "openid profile email")


@pytest.mark.parametrize("manager", ["reference", "jwt"])
async def test_what_is_said_of_two_pairwise_clients_tokens_does_not_join_a_person(manager: str) -> None:
    """Threat T-57, for the managers and mappings that a new installation starts with."""
    server = await house()
    said: list[dict[str, Any]] = []
    for client_id, uri in (("one", "https://one.example/cb"), ("two", "https://two.example/cb")):
        await add_client(server, client_id, openid__pairwise=True, redirection__redirect_uris=(uri,))
        code = await code_for(server, client_id, redirect_uri=uri, manager=manager)
        token = (await redeem(server, code, client_id, redirect_uri=uri))["access_token"]
        said.append(await about(server, token, access_token_manager_id=manager))
    assert all(answer["active"] for answer in said)
    alike = {name for name in said[0] if said[0][name] == said[1].get(name)}
    assert alike <= {"active", "scope", "exp", "iat", "iss", "aud", "auth_time", "token_type"}
    assert "joe" not in str(said)


async def test_the_default_scope_is_not_mentioned() -> None:
    server = await house()
    assert "scope" not in await about(server, await machine_token(server))


async def test_a_jwt_is_told_like_any_other_token() -> None:
    server = await house(access_tokens__default_manager="jwt")
    answer = await about(server, await machine_token(server, access_token_manager_id="jwt", scope="profile"))
    assert answer["active"] is True
    assert (answer["client_id"], answer["scope"], answer["sub"]) == ("app", "profile", "app")
    assert (answer["iss"], answer["aud"]) == (server.issuer, server.issuer)
    assert {"jti", "iat", "exp"} <= set(answer)


async def test_an_active_refresh_token_is_just_that() -> None:
    server = await house()
    token = (await redeem(server, await code_for(server)))["refresh_token"]
    assert await about(server, token) == {"active": True}
    assert await about(server, token, token_type_hint="refresh_token") == {"active": True}


async def test_a_rolled_refresh_token_is_active_only_within_its_grace() -> None:
    server = await house()
    old = (await redeem(server, await code_for(server)))["refresh_token"]
    await refresh(server, old)
    assert await about(server, old) == {"active": True}
    clock_of(server).advance(seconds=60)
    assert await about(server, old) == INACTIVE


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "nonsense"])
async def test_every_kind_is_found_whatever_the_hint(hint: str) -> None:
    server = await house()
    answer = await redeem(server, await code_for(server))
    for name in ("access_token", "refresh_token"):
        assert (await about(server, answer[name], token_type_hint=hint))["active"] is True


@pytest.mark.parametrize("token", ["x", "x" * 28, "a.b.c", "é"])
async def test_anything_else_is_inactive_and_nothing_more(token: str) -> None:
    assert await about(await house(), token) == INACTIVE


async def test_an_expired_token_is_inactive() -> None:
    server = await house()
    token = await machine_token(server)
    clock_of(server).advance(seconds=7200)
    assert await about(server, token) == INACTIVE


async def test_an_id_token_is_no_token_here() -> None:
    server = await house(access_tokens__validate_against_all=True)
    assert await about(server, (await redeem(server, await code_for(server)))["id_token"]) == INACTIVE


async def test_a_token_is_required() -> None:
    server = await house()
    with pytest.raises(InvalidRequest):
        await introspect(Parameters.of(), await found(server, "api"), server)


# Who may ask ----------------------------------------------------------------------------------------------------------


async def test_a_client_that_is_no_resource_server_may_not_ask() -> None:
    server = await house()
    with pytest.raises(UnauthorizedClient):
        await about(server, await machine_token(server), caller="app")


async def test_a_public_client_may_not_ask_unless_the_switch_lets_it() -> None:
    server = await house(authentication__method=ClientAuth.NONE)
    token = await machine_token(server)
    with pytest.raises(InvalidClient):
        await about(server, token)
    lenient = changed(server, compatibility__unauthenticated_introspection=True)
    assert (await about(lenient, token))["active"] is True


async def test_the_default_manager_judges_unless_all_are_asked() -> None:
    server = await house()
    token = await machine_token(server, access_token_manager_id="jwt")
    assert await about(server, token) == INACTIVE
    assert (await about(server, token, access_token_manager_id="jwt"))["active"] is True
    await change_client(server, "api", access_tokens__validate_against_all=True)
    assert (await about(server, token))["active"] is True
    await change_client(server, "api", access_tokens__restrict_to_default=True)
    assert await about(server, token) == INACTIVE


async def test_a_manager_that_the_caller_may_not_use_cannot_be_named() -> None:
    server = await house(access_tokens__restrict_to_default=True)
    token = await machine_token(server, access_token_manager_id="jwt")
    with pytest.raises(InvalidRequest):
        await about(server, token, access_token_manager_id="jwt")


# What ended it --------------------------------------------------------------------------------------------------------


async def test_tokens_of_a_disabled_client_are_inactive() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server))
    await change_client(server, "app", identity__enabled=False)
    assert await about(server, answer["access_token"]) == INACTIVE
    assert await about(server, answer["refresh_token"]) == INACTIVE


async def test_a_question_is_an_event_without_the_token() -> None:
    server = await house()
    token = await machine_token(server)
    await about(server, token)
    event = events_of(server).events[-1]
    assert (event.name, event.client_id, event.active) == ("token.introspected", "api", True)
    assert token not in repr(event)
