"""RFC 7009: a client gives a token back."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from ostiary.errors import InvalidRequest, UnsupportedTokenType
from ostiary.parameters import Parameters
from ostiary.ports.changes import Change
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server
from ostiary.server_settings.configuration import Plugin
from ostiary.storage.memory import MemoryStores
from ostiary.tokens.revocation import revoke
from ostiary.tokens.validation import find_access_token
from tests.house import (
    add_client,
    add_person,
    ask,
    code_for,
    events_of,
    found,
    fresh_objects,
    make_server,
    redeem,
)

pytestmark = pytest.mark.anyio


async def house(**jwt: Any) -> Server:
    objects = fresh_objects()
    manager = objects.managers["jwt"]
    manager = replace(manager, plugin=Plugin("jwt", replace(manager.configuration, **jwt)))
    server = make_server(objects=replace(objects, managers=MappingProxyType({**objects.managers, "jwt": manager})))
    await add_client(server)
    await add_client(server, "other")
    await add_person(server)
    return server


async def give_back(server: Server, token: str, client_id: str = "app", **parameters: str) -> None:
    await revoke(Parameters.of(token=token, **parameters), await found(server, client_id), server)


async def is_active(server: Server, token: str) -> bool:
    return await find_access_token(token, server) is not None


async def refreshes(server: Server, token: str) -> bool:
    try:
        await ask(server, grant_type="refresh_token", refresh_token=token)
    except Exception:
        return False
    return True


HINTS = ["", "access_token", "refresh_token", "nonsense"]


@pytest.mark.parametrize("hint", HINTS)
async def test_an_access_token_ends_alone(hint: str) -> None:
    server = await house()
    answer = await redeem(server, await code_for(server))
    await give_back(server, answer["access_token"], token_type_hint=hint)
    assert not await is_active(server, answer["access_token"])
    assert await refreshes(server, answer["refresh_token"])


@pytest.mark.parametrize("hint", HINTS)
async def test_a_refresh_token_takes_its_grant_and_access_tokens_with_it(hint: str) -> None:
    server = await house()
    answer = await redeem(server, await code_for(server))
    await give_back(server, answer["refresh_token"], token_type_hint=hint)
    assert not await is_active(server, answer["access_token"])
    assert not await refreshes(server, answer["refresh_token"])
    assert [row.name for row in await server.stores.audit()] == ["token.revoked"]


async def test_a_token_of_another_client_stays_usable_and_the_answer_is_the_same() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server))
    for name in ("access_token", "refresh_token"):
        await give_back(server, answer[name], "other")
    assert await is_active(server, answer["access_token"])
    assert await refreshes(server, answer["refresh_token"])


@pytest.mark.parametrize("token", ["unknown", "x" * 42, "a.b.c"])
async def test_an_unknown_token_is_as_good_as_revoked(token: str) -> None:
    server = await house()
    await give_back(server, token)
    assert events_of(server).events[-1].kind == "unknown"


async def test_revoking_twice_is_harmless() -> None:
    server = await house()
    token = (await ask(server, grant_type="client_credentials"))["access_token"]
    for _ in range(2):
        await give_back(server, token)
    assert not await is_active(server, token)


async def test_a_jwt_is_revoked_where_its_manager_says_so() -> None:
    server = await house()
    answer = await ask(server, grant_type="client_credentials", access_token_manager_id="jwt")
    assert await is_active(server, answer["access_token"])
    await give_back(server, answer["access_token"])
    assert not await is_active(server, answer["access_token"])


async def test_a_jwt_that_cannot_be_revoked_is_told_as_such() -> None:
    server = await house(enable_revocation=False)
    answer = await ask(server, grant_type="client_credentials", access_token_manager_id="jwt")
    with pytest.raises(UnsupportedTokenType):
        await give_back(server, answer["access_token"])
    await give_back(server, answer["access_token"], "other")


async def test_a_jwt_that_names_its_grant_ends_with_it() -> None:
    server = await house(enable_revocation=False, grant_id_claim="grant")
    answer = await redeem(server, await code_for(server, manager="jwt", scope=("profile",)))
    assert await is_active(server, answer["access_token"])
    await give_back(server, answer["refresh_token"])
    assert not await is_active(server, answer["access_token"])
    await server.stores.clean_up(server.clock.now())
    assert not await is_active(server, answer["access_token"])


async def test_a_jwt_for_userinfo_ends_with_its_grant_too() -> None:
    server = await house(enable_revocation=False)
    answer = await redeem(server, await code_for(server, manager="jwt"))
    assert await is_active(server, answer["access_token"])
    await give_back(server, answer["refresh_token"])
    assert not await is_active(server, answer["access_token"])


async def test_a_token_is_required() -> None:
    server = await house()
    with pytest.raises(InvalidRequest):
        await revoke(Parameters.of(), await found(server, "app"), server)


class Broken(MemoryStores):
    """A store that cannot write any more."""

    broken = False

    async def commit(self, *changes: Change) -> None:
        """Fails once it is broken."""
        if self.broken:
            raise StoreUnavailable
        await super().commit(*changes)


async def test_a_store_that_cannot_write_is_never_answered_with_yes() -> None:
    stores = Broken()
    server = make_server(stores)
    await add_client(server)
    token = (await ask(server, grant_type="client_credentials"))["access_token"]
    stores.broken = True
    with pytest.raises(StoreUnavailable):
        await give_back(server, token)
