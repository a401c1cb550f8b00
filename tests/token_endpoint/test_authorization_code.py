"""RFC 6749 §4.1.3: a code becomes tokens, once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from ostiary.errors import InvalidGrant, InvalidRequest, InvalidScope, InvalidTarget, InvalidToken
from ostiary.ports.changes import RevokeGrant
from ostiary.ports.clock import HOUR, SECOND
from ostiary.ports.records import AccountRecord
from ostiary.ports.stores import StoreUnavailable
from ostiary.proofs.pkce import Challenge, Method
from ostiary.server import Server
from ostiary.storage.memory import MemoryStores
from ostiary.tokens.handles import key_of
from ostiary.tokens.userinfo import userinfo
from ostiary.words import GrantType, SigningAlgorithm, YesNo
from tests.house import (
    REDIRECT_URI,
    add_client,
    add_person,
    ask,
    change_client,
    change_person,
    changed,
    clock_of,
    code_for,
    events_of,
    fresh_objects,
    make_server,
    redeem,
    refresh,
    segment,
)

pytestmark = pytest.mark.anyio
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = Challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Method.S256)


async def house(**values: Any) -> Server:
    """A server with a client `app`, another client and a person."""
    server = make_server()
    await add_client(server, **values)
    await add_client(server, "other")
    await add_person(server, name="Joe Doe", email="joe@example.com")
    return server


async def test_a_code_becomes_tokens() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server, nonce="n1"))
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert answer["scope"] == "openid profile email"
    assert len(answer["refresh_token"]) == 42
    claims = segment(answer["id_token"], 1)
    assert (claims["sub"], claims["nonce"], claims["aud"]) == ("joe", "n1", "app")


async def test_without_openid_there_is_no_id_token() -> None:
    server = await house()
    assert "id_token" not in await redeem(server, await code_for(server, scope=("profile",)))


async def test_without_the_grant_type_there_is_no_refresh_token_and_no_grant() -> None:
    server = await house(grants__allowed=frozenset({GrantType.AUTHORIZATION_CODE}))
    answer = await redeem(server, await code_for(server))
    assert "refresh_token" not in answer
    assert await server.stores.grants_of(client_id="app") == []


# Once and never again -------------------------------------------------------------------------------------------------


async def test_a_second_use_of_a_code_revokes_everything_it_led_to() -> None:
    server = await house()
    code = await code_for(server)
    first = await redeem(server, code)
    assert await userinfo(first["access_token"], server)
    with pytest.raises(InvalidGrant):
        await redeem(server, code)
    with pytest.raises(InvalidToken):
        await userinfo(first["access_token"], server)
    with pytest.raises(InvalidGrant):
        await refresh(server, first["refresh_token"])
    assert "code.replayed" in events_of(server).names
    assert [row.name for row in await server.stores.audit()] == ["code.replayed"]


async def test_a_third_use_has_nothing_to_take_back_and_adds_no_evidence() -> None:
    server = await house()
    code = await code_for(server)
    await redeem(server, code)
    for _ in range(3):
        with pytest.raises(InvalidGrant):
            await redeem(server, code)
    assert [row.name for row in await server.stores.audit()] == ["code.replayed"]


@pytest.mark.parametrize(("late_ms", "is_taken_back"), [(HOUR - 1, True), (HOUR, False)])
async def test_a_replay_is_remembered_for_an_hour_after_the_code_expired(late_ms: int, is_taken_back: bool) -> None:
    server = await house()
    code = await code_for(server)
    first = await redeem(server, code)
    clock_of(server).advance(milliseconds=60 * SECOND + late_ms)
    await server.stores.clean_up(server.clock.now())
    with pytest.raises(InvalidGrant):
        await redeem(server, code)
    if is_taken_back:
        with pytest.raises(InvalidGrant):
            await refresh(server, first["refresh_token"])
    else:
        assert await refresh(server, first["refresh_token"])


async def test_a_second_use_of_a_transient_grant_takes_the_access_token_back() -> None:
    server = await house(grants__allowed=frozenset({GrantType.AUTHORIZATION_CODE}))
    code = await code_for(server)
    first = await redeem(server, code)
    with pytest.raises(InvalidGrant):
        await redeem(server, code)
    with pytest.raises(InvalidToken):
        await userinfo(first["access_token"], server)


async def test_a_second_use_reaches_jwt_access_tokens_too() -> None:
    server = await house(access_tokens__default_manager="jwt")
    code = await code_for(server, manager="jwt")
    first = await redeem(server, code)
    assert first["access_token"].count(".") == 2
    assert await userinfo(first["access_token"], server)
    with pytest.raises(InvalidGrant):
        await redeem(server, code)
    with pytest.raises(InvalidToken):
        await userinfo(first["access_token"], server)


async def test_a_second_use_by_somebody_else_revokes_too() -> None:
    server = await house()
    code = await code_for(server)
    first = await redeem(server, code)
    with pytest.raises(InvalidGrant):
        await redeem(server, code, "other")
    with pytest.raises(InvalidGrant):
        await refresh(server, first["refresh_token"])


class Meanwhile(MemoryStores):
    """Somebody else comes in between, once, while the person behind the code is looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.happens: Callable[[], Awaitable[object]] | None = None

    async def account(self, store: str, username: str) -> AccountRecord | None:
        """Where an exchange waits between its first look at the code and its unit."""
        happens, self.happens = self.happens, None
        if happens is not None:
            await happens()
        return await super().account(store, username)


async def house_where_something_happens(**settings: Any) -> tuple[Server, Meanwhile]:
    stores = Meanwhile()
    server = make_server(stores, **settings)
    await add_client(server)
    await add_client(server, "other")
    await add_person(server)
    return server, stores


@pytest.mark.parametrize("lifetime", ["0", "60"])
async def test_of_two_redemptions_that_both_found_the_code_unused_one_issues_and_one_takes_back(lifetime: str) -> None:
    server, stores = await house_where_something_happens()
    code = await code_for(server, attributes={"PERSISTENT_GRANT_LIFETIME": lifetime})
    answers: list[dict[str, Any]] = []

    async def rival() -> None:
        answers.append(await redeem(server, code))

    stores.happens = rival
    with pytest.raises(InvalidGrant) as refusal:
        await redeem(server, code)
    assert refusal.value.why.rule == "RFC 6749 §4.1.2"
    (answer,) = answers
    with pytest.raises(InvalidToken):
        await userinfo(answer["access_token"], server)
    assert await server.stores.grants_of(client_id="app") == []
    assert [row.name for row in await server.stores.audit()] == ["code.replayed"]


async def test_who_guesses_wrong_after_the_code_was_used_takes_back_too() -> None:
    server, stores = await house_where_something_happens()
    code = await code_for(server)
    answers: list[dict[str, Any]] = []

    async def rival() -> None:
        answers.append(await redeem(server, code))

    stores.happens = rival
    with pytest.raises(InvalidGrant):
        await redeem(server, code, scope="address")
    with pytest.raises(InvalidToken):
        await userinfo(answers[0]["access_token"], server)


async def test_who_guesses_wrong_before_the_code_is_used_burns_it_in_between() -> None:
    server, stores = await house_where_something_happens()
    code = await code_for(server)

    async def rival() -> None:
        with pytest.raises(InvalidGrant):
            await redeem(server, code, "other")

    stores.happens = rival
    with pytest.raises(InvalidGrant):
        await redeem(server, code)
    assert await server.stores.grants_of(client_id="app") == []
    assert "token.issued" not in events_of(server).names


async def test_of_many_redemptions_at_once_exactly_one_is_answered_and_nothing_of_it_is_left() -> None:
    server = await house()
    code = await code_for(server)
    answers = await asyncio.gather(*(redeem(server, code) for _ in range(20)), return_exceptions=True)
    (answer,) = [answer for answer in answers if isinstance(answer, dict)]
    assert sum(isinstance(answer, InvalidGrant) for answer in answers) == 19
    with pytest.raises(InvalidToken):
        await userinfo(answer["access_token"], server)


async def test_a_grant_that_is_revoked_while_a_code_renews_it_stays_revoked() -> None:
    server, stores = await house_where_something_happens(grants__reuse=frozenset({GrantType.AUTHORIZATION_CODE}))
    await redeem(server, await code_for(server))
    (grant,) = await server.stores.grants_of(client_id="app")
    code = await code_for(server)
    stores.happens = lambda: server.stores.commit(RevokeGrant(grant.grant_id, server.clock.now()))
    with pytest.raises(InvalidGrant):
        await redeem(server, code)
    record = await server.stores.code(key_of(code))
    assert record is not None
    assert record.redeemed_at == server.clock.now()
    assert await server.stores.grants_of(client_id="app") == []


async def test_a_store_that_is_away_does_not_burn_the_code() -> None:
    server, stores = await house_where_something_happens()
    code = await code_for(server)

    async def away() -> None:
        raise StoreUnavailable

    stores.happens = away
    with pytest.raises(StoreUnavailable):
        await redeem(server, code)
    assert await redeem(server, code)


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": ""},
        {"redirect_uri": REDIRECT_URI + "?"},
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
    ],
)
async def test_any_mismatch_refuses_and_burns_the_code(wrong: dict[str, str]) -> None:
    server = await house()
    code = await code_for(server, challenge=CHALLENGE)
    with pytest.raises(InvalidGrant):
        await redeem(server, code, **{"code_verifier": VERIFIER, **wrong})
    with pytest.raises(InvalidGrant):
        await redeem(server, code, code_verifier=VERIFIER)


async def test_a_code_is_worth_nothing_to_another_client_and_is_burnt_by_it() -> None:
    server = await house()
    code = await code_for(server)
    with pytest.raises(InvalidGrant):
        await redeem(server, code, "other")
    with pytest.raises(InvalidGrant):
        await redeem(server, code)


async def test_a_code_of_another_issuer_is_refused() -> None:
    server = await house()
    with pytest.raises(InvalidGrant):
        await redeem(server, await code_for(server, issuer="https://other.example"))


@pytest.mark.parametrize("code", ["x", "x" * 60, "é", "\x7f"])
async def test_a_text_that_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidGrant):
        await redeem(await house(), code)


async def test_code_is_required() -> None:
    with pytest.raises(InvalidRequest):
        await ask(await house(), grant_type="authorization_code")


async def test_a_code_lives_as_long_as_the_setting_says() -> None:
    server = await house()
    early, late = await code_for(server), await code_for(server)
    clock_of(server).advance(milliseconds=59_999)
    assert await redeem(server, early)
    clock_of(server).advance(milliseconds=1)
    with pytest.raises(InvalidGrant):
        await redeem(server, late)


# PKCE -----------------------------------------------------------------------------------------------------------------


async def test_the_right_verifier_opens() -> None:
    server = await house()
    assert await redeem(server, await code_for(server, challenge=CHALLENGE), code_verifier=VERIFIER)


async def test_a_verifier_for_a_code_without_challenge_is_refused() -> None:
    server = await house()
    with pytest.raises(InvalidGrant):
        await redeem(server, await code_for(server), code_verifier=VERIFIER)


# Redirect URI ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "was_sent", "may_be_left_out"),
    [
        ((REDIRECT_URI,), True, False),
        ((REDIRECT_URI,), False, True),
        ((REDIRECT_URI, "https://app.example/two"), False, False),
        (("https://app.example/*",), False, False),
    ],
)
async def test_the_redirect_uri_may_be_left_out_only_when_it_was_and_there_is_one(
    registered: tuple[str, ...], was_sent: bool, may_be_left_out: bool
) -> None:
    server = await house(redirection__redirect_uris=registered)
    code = await code_for(server, redirect_uri_sent=was_sent)
    if may_be_left_out:
        assert await redeem(server, code, redirect_uri="")
    else:
        with pytest.raises(InvalidGrant):
            await redeem(server, code, redirect_uri="")


async def test_a_redirect_uri_that_was_left_out_before_must_still_be_the_right_one() -> None:
    server = await house()
    with pytest.raises(InvalidGrant):
        await redeem(server, await code_for(server, redirect_uri_sent=False), redirect_uri="https://app.example/other")
    assert await redeem(server, await code_for(server, redirect_uri_sent=False), redirect_uri=REDIRECT_URI)


# Scope ----------------------------------------------------------------------------------------------------------------


async def test_the_scope_may_be_narrowed_and_not_widened() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server), scope="openid email")
    assert answer["scope"] == "openid email"
    with pytest.raises(InvalidScope):
        await redeem(server, await code_for(server), scope="openid address")


async def test_a_narrowed_exchange_does_not_narrow_the_grant() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server), scope="openid")
    assert (await refresh(server, answer["refresh_token"]))["scope"] == "openid profile email"


async def test_a_scope_that_the_client_lost_since_is_not_in_the_token() -> None:
    server = await house()
    code = await code_for(server)
    await change_client(server, "app", scopes__restrict=True, scopes__restricted=("openid", "email"))
    assert (await redeem(server, code))["scope"] == "openid email"


# What was switched off since (T-47) -----------------------------------------------------------------------------------


async def test_a_person_who_was_disabled_since_gets_no_tokens() -> None:
    server = await house()
    code = await code_for(server)
    await change_person(server, "joe", disabled=True)
    with pytest.raises(InvalidGrant):
        await redeem(server, code)


async def test_a_person_who_is_gone_gets_no_tokens() -> None:
    server = await house()
    with pytest.raises(InvalidGrant):
        await redeem(server, await code_for(server, username="nobody"))


async def test_an_openid_role_that_was_switched_off_since_gives_no_id_token() -> None:
    server = await house()
    code = await code_for(server)
    assert "id_token" not in await redeem(changed(server, roles__openid=False), code)


# Refresh tokens: when -------------------------------------------------------------------------------------------------

OFFLINE = ("openid", "offline_access")


@pytest.mark.parametrize(
    ("client", "server_says", "scope", "prompted", "expected"),
    [
        ({}, {}, ("openid",), False, True),
        ({"offline_access_required": YesNo.YES}, {}, ("openid",), True, False),
        ({"offline_access_required": YesNo.YES}, {}, OFFLINE, False, True),
        ({}, {"offline_access_required": True}, ("openid",), False, False),
        ({}, {"offline_access_required": True}, OFFLINE, False, True),
        ({"offline_access_required": YesNo.NO}, {"offline_access_required": True}, ("openid",), False, True),
        (
            {"offline_access_required": YesNo.YES, "offline_access_prompt": YesNo.YES},
            {},
            OFFLINE,
            False,
            False,
        ),
        ({"offline_access_required": YesNo.YES, "offline_access_prompt": YesNo.YES}, {}, OFFLINE, True, True),
        ({}, {"offline_access_required": True, "offline_access_prompt": True}, OFFLINE, False, False),
        (
            {"offline_access_required": YesNo.YES, "offline_access_prompt": YesNo.NO},
            {"offline_access_required": True, "offline_access_prompt": True},
            OFFLINE,
            False,
            True,
        ),
        (  # C106 counts only beside C105 YES
            {"offline_access_prompt": YesNo.NO},
            {"offline_access_required": True, "offline_access_prompt": True},
            OFFLINE,
            False,
            False,
        ),
    ],
)
async def test_offline_access_decides_where_it_is_asked_to(
    client: dict[str, Any], server_says: dict[str, Any], scope: tuple[str, ...], prompted: bool, expected: bool
) -> None:
    server = make_server(**{f"grants__{name}": value for name, value in server_says.items()})
    await add_client(server, **{f"persistent_grants__{name}": value for name, value in client.items()})
    await add_person(server)
    answer = await redeem(server, await code_for(server, scope=scope, consent_prompted=prompted))
    assert ("refresh_token" in answer) is expected


async def test_a_grant_lifetime_of_nothing_makes_the_flow_transient() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server, attributes={"PERSISTENT_GRANT_LIFETIME": "0"}))
    assert "refresh_token" not in answer


# Grants ---------------------------------------------------------------------------------------------------------------


async def test_a_grant_remembers_who_approved_what() -> None:
    server = await house()
    await redeem(server, await code_for(server))
    (grant,) = await server.stores.grants_of(user_key="joe")
    assert (grant.client_id, grant.grant_type, grant.expires_at) == ("app", "authorization_code", None)


async def test_each_authorization_stores_one_more_grant_unless_they_are_reused() -> None:
    server = await house()
    for _ in range(2):
        await redeem(server, await code_for(server))
    assert len(await server.stores.grants_of(client_id="app")) == 2


async def test_a_reused_grant_is_updated_and_its_former_token_still_works() -> None:
    server = make_server(grants__reuse=frozenset({GrantType.AUTHORIZATION_CODE}))
    await add_client(server)
    await add_person(server)
    first = await redeem(server, await code_for(server, scope=("openid", "profile")))
    second = await redeem(server, await code_for(server, scope=("openid", "email")))
    (grant,) = await server.stores.grants_of(client_id="app")
    assert (await refresh(server, first["refresh_token"]))["scope"] == "openid profile email"
    assert (await refresh(server, second["refresh_token"]))["scope"] == "openid profile email"
    assert grant.updated_at == server.clock.now()


async def test_another_context_is_another_grant() -> None:
    server = make_server(grants__reuse=frozenset({GrantType.AUTHORIZATION_CODE}))
    await add_client(server)
    await add_person(server)
    await redeem(server, await code_for(server, context="pwd"))
    await redeem(server, await code_for(server, context="mfa"))
    assert len(await server.stores.grants_of(client_id="app")) == 2


# Managers -------------------------------------------------------------------------------------------------------------


async def test_the_manager_chosen_before_holds_for_the_code() -> None:
    server = await house()
    answer = await redeem(server, await code_for(server, manager="jwt"))
    assert answer["access_token"].count(".") == 2
    with pytest.raises(InvalidRequest):
        await redeem(server, await code_for(server, manager="jwt"), access_token_manager_id="reference")


async def test_a_resource_cannot_choose_another_manager_than_the_request_did() -> None:
    objects = fresh_objects()
    managers = {
        **objects.managers,
        "jwt": replace(objects.managers["jwt"], resource_uris=("https://api.example",)),
    }
    server = make_server(objects=replace(objects, managers=MappingProxyType(managers)))
    await add_client(server)
    await add_person(server)
    with pytest.raises(InvalidRequest):
        await redeem(server, await code_for(server, manager="reference"), resource="https://api.example")
    asked = ("https://api.example/a", "https://api.example/b")
    answer = await redeem(
        server, await code_for(server, manager="jwt", resources=asked), resource="https://api.example/a"
    )
    assert segment(answer["access_token"], 1)["aud"] == "https://api.example/a"
    with pytest.raises(InvalidTarget):
        await redeem(server, await code_for(server, manager="jwt", resources=asked), resource="https://api.example/c")


async def test_a_hybrid_flow_gets_no_second_id_token() -> None:
    server = await house()
    assert "id_token" not in await redeem(server, await code_for(server, hybrid=True))


async def test_an_unsigned_id_token_comes_from_the_token_endpoint_only() -> None:
    server = await house(openid__id_token_algorithm=SigningAlgorithm.NONE)
    token = (await redeem(server, await code_for(server)))["id_token"]
    assert token.endswith(".")
    assert segment(token, 0) == {"alg": "none"}
