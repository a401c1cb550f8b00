"""OpenID Connect Core §5.3: claims about the person, for whoever holds the access token."""

import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from ostiary.errors import InsufficientScope, InvalidToken, ServerError
from ostiary.server import Server
from ostiary.tokens.userinfo import userinfo
from ostiary.words import KeyManagement, SigningAlgorithm
from tests.house import (
    SECRET,
    add_client,
    add_person,
    ask,
    change_person,
    changed,
    clock_of,
    code_for,
    make_server,
    redeem,
    refresh,
    segment,
)

pytestmark = pytest.mark.anyio
PERSON = {"name": "Joe Doe", "email": "joe@example.com", "email_verified": True, "address": {"country": "NL"}}


async def house(**values: Any) -> Server:
    server = make_server()
    await add_client(server, **values)
    await add_person(server, **PERSON)
    return server


async def told(server: Server, **members: Any) -> Any:
    return await userinfo((await redeem(server, await code_for(server, **members)))["access_token"], server)


@pytest.mark.parametrize("manager", ["reference", "jwt"])
async def test_the_granted_scopes_release_their_claims(manager: str) -> None:
    server = await house()
    assert await told(server, manager=manager) == {
        "sub": "joe",
        "name": "Joe Doe",
        "email": "joe@example.com",
        "email_verified": True,
    }
    assert await told(server, manager=manager, scope=("openid", "address")) == {
        "sub": "joe",
        "address": {"country": "NL"},
    }
    assert await told(server, manager=manager, scope=("openid",)) == {"sub": "joe"}


async def test_a_claim_asked_for_by_name_is_released() -> None:
    server = await house()
    assert await told(server, scope=("openid",), userinfo_claims=("name", "shoe_size")) == {
        "sub": "joe",
        "name": "Joe Doe",
    }


async def test_it_says_what_the_account_says_now() -> None:
    server = await house()
    token = (await redeem(server, await code_for(server)))["access_token"]
    await change_person(server, "joe", claims={"name": "Joseph"})
    assert await userinfo(token, server) == {"sub": "joe", "name": "Joseph"}


async def test_the_subject_is_that_of_the_id_token() -> None:
    server = await house(openid__pairwise=True)
    answer = await redeem(server, await code_for(server))
    found = await userinfo(answer["access_token"], server)
    assert isinstance(found, dict)
    assert found["sub"] == segment(answer["id_token"], 1)["sub"] != "joe"


async def test_a_refreshed_token_works_as_well() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server, scope=("openid",), userinfo_claims=("name",)))
    again = await refresh(server, answer["refresh_token"])
    assert await userinfo(again["access_token"], server) == {"sub": "joe", "name": "Joe Doe"}


# Signed ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.RS256, SigningAlgorithm.ES512])
async def test_a_client_may_have_it_signed(algorithm: SigningAlgorithm) -> None:
    server = await house(openid__userinfo_algorithm=algorithm)
    published = KeySet.import_key_set(json.loads(server.keys.jwks))
    found = jwt.decode(await told(server), published, algorithms=[str(algorithm)])
    assert found.claims["iss"] == server.issuer
    assert found.claims["aud"] == "app"
    assert found.claims["name"] == "Joe Doe"


async def test_a_client_may_have_it_signed_with_its_secret() -> None:
    server = await house(recoverable=True, openid__userinfo_algorithm=SigningAlgorithm.HS512)
    found = jwt.decode(await told(server), OctKey.import_key(SECRET), algorithms=["HS512"])
    assert found.claims["sub"] == "joe"


async def test_none_is_plain_json() -> None:
    assert (await told(await house(openid__userinfo_algorithm=SigningAlgorithm.NONE)))["sub"] == "joe"


async def test_encryption_is_refused_by_name_until_it_is_there() -> None:
    server = await house(openid__userinfo_encryption=KeyManagement.RSA_OAEP)
    with pytest.raises(ServerError) as refusal:
        await told(server)
    assert refusal.value.why.setting == "openid.userinfo_encryption"


# Refused --------------------------------------------------------------------------------------------------------------


async def test_without_openid_there_is_nothing_to_say() -> None:
    server = await house()
    with pytest.raises(InsufficientScope):
        await told(server, scope=("profile",))
    with pytest.raises(InsufficientScope):
        await userinfo((await ask(server, grant_type="client_credentials"))["access_token"], server)


async def test_without_the_openid_role_there_is_nothing_to_say() -> None:
    server = await house()
    token = (await redeem(server, await code_for(server)))["access_token"]
    with pytest.raises(InsufficientScope):
        await userinfo(token, changed(server, roles__openid=False))


@pytest.mark.parametrize("manager", ["reference", "jwt"])
async def test_an_expired_token_opens_nothing(manager: str) -> None:
    server = await house()
    token = (await redeem(server, await code_for(server, manager=manager)))["access_token"]
    clock_of(server).advance(seconds=7200)
    with pytest.raises(InvalidToken):
        await userinfo(token, server)


@pytest.mark.parametrize("name", ["id_token", "refresh_token"])
async def test_no_other_kind_of_token_opens_it(name: str) -> None:
    server = await house()
    token = (await redeem(server, await code_for(server)))[name]
    with pytest.raises(InvalidToken):
        await userinfo(token, server)


async def test_a_person_who_was_disabled_since_is_nobody() -> None:
    server = await house()
    token = (await redeem(server, await code_for(server)))["access_token"]
    await change_person(server, "joe", disabled=True)
    with pytest.raises(InvalidToken):
        await userinfo(token, server)
