"""RFC 6749 §6: a grant is used again. Rolling, grace and reuse, told by a clock."""

import asyncio
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from ostiary.declare import Duration, Lifetime, Override
from ostiary.errors import InvalidGrant, InvalidRequest, InvalidScope, UnauthorizedClient
from ostiary.ports.changes import RevokeGrant
from ostiary.server import Server
from ostiary.tokens.handles import key_of
from ostiary.words import GrantType, RollingPolicy, RollingUnit, ThreeWay, TimeUnit
from tests.house import (
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
UNKNOWN = "unknown, invalid, or expired refresh token"


async def house(settings: dict[str, Any] | None = None, **values: Any) -> Server:
    server = make_server(**(settings or {}))
    await add_client(server, **values)
    await add_client(server, "other")
    await add_person(server)
    return server


async def first_token(server: Server, **members: Any) -> str:
    token: str = (await redeem(server, await code_for(server, **members)))["refresh_token"]
    return token


async def is_refused(server: Server, token: str) -> bool:
    try:
        await refresh(server, token)
    except InvalidGrant as refusal:
        return refusal.description == UNKNOWN
    return False


# Rolling --------------------------------------------------------------------------------------------------------------


def every(amount: int, unit: RollingUnit = RollingUnit.SECONDS) -> Override[Duration]:
    return Override(True, Duration(amount, unit))


@pytest.mark.parametrize(
    ("client", "server_says", "age_seconds", "rolls"),
    [
        ({}, {}, 0, True),
        ({}, {"roll_refresh_tokens": False}, 0, False),
        ({"rolling": RollingPolicy.ROLL}, {"roll_refresh_tokens": False}, 0, True),
        ({"rolling": RollingPolicy.DONT_ROLL}, {}, 0, False),
        ({}, {"rolling_interval": Duration(1, RollingUnit.HOURS)}, 3599, False),
        ({}, {"rolling_interval": Duration(1, RollingUnit.HOURS)}, 3600, True),
        # C096 ROLL does not override the interval.
        ({"rolling": RollingPolicy.ROLL}, {"rolling_interval": Duration(1, RollingUnit.HOURS)}, 3599, False),
        ({"rolling_interval": every(5)}, {}, 4, False),
        ({"rolling_interval": every(5)}, {}, 5, True),
        ({"rolling_interval": every(0)}, {"rolling_interval": Duration(1, RollingUnit.HOURS)}, 0, True),
        # The interval does not turn rolling on.
        ({"rolling_interval": every(0)}, {"roll_refresh_tokens": False}, 9999, False),
    ],
)
async def test_a_token_rolls_when_the_policy_says_so_and_it_is_old_enough(
    client: dict[str, Any], server_says: dict[str, Any], age_seconds: int, rolls: bool
) -> None:
    server = await house(
        {f"grants__{name}": value for name, value in server_says.items()},
        **{f"persistent_grants__{name}": value for name, value in client.items()},
    )
    token = await first_token(server)
    clock_of(server).advance(seconds=age_seconds)
    answer = await refresh(server, token)
    assert (answer["refresh_token"] != token) is rolls
    assert len(answer["refresh_token"]) == 42


async def test_a_token_that_does_not_roll_works_again_and_again() -> None:
    server = await house(persistent_grants__rolling=RollingPolicy.DONT_ROLL)
    token = await first_token(server)
    for _ in range(3):
        assert (await refresh(server, token))["refresh_token"] == token


# Grace ----------------------------------------------------------------------------------------------------------------


def grace(seconds: int) -> dict[str, Any]:
    return {"persistent_grants__rolling_grace": Override(True, seconds)}


async def test_within_its_grace_a_rolled_token_returns_the_newest_one() -> None:
    server = await house(**grace(5))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    clock_of(server).advance(seconds=4.999)
    for _ in range(2):
        again = await refresh(server, old)
        assert again["refresh_token"] == new
        assert again["access_token"]


async def test_after_its_grace_a_rolled_token_revokes_the_grant() -> None:
    server = await house(**grace(5))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    clock_of(server).advance(seconds=5)
    assert await is_refused(server, old)
    assert await is_refused(server, new)
    assert "refresh_token.reused" in events_of(server).names
    assert [row.name for row in await server.stores.audit()] == ["refresh_token.reused"]


async def test_reuse_detection_can_be_switched_off() -> None:
    server = await house({"compatibility__revoke_grant_on_reuse": False}, **grace(5))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    clock_of(server).advance(seconds=5)
    assert await is_refused(server, old)
    assert not await is_refused(server, new)


async def test_without_grace_a_new_token_is_the_only_valid_one() -> None:
    server = await house({"compatibility__revoke_grant_on_reuse": False}, **grace(0))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    assert await is_refused(server, old)
    assert not await is_refused(server, new)


async def test_when_the_new_token_is_used_the_old_one_dies() -> None:
    server = await house({"compatibility__revoke_grant_on_reuse": False}, **grace(60))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    await refresh(server, new)
    assert await is_refused(server, old)


async def test_a_token_two_generations_old_is_reuse() -> None:
    server = await house(**grace(60))
    first = await first_token(server)
    second = (await refresh(server, first))["refresh_token"]
    third = (await refresh(server, second))["refresh_token"]
    assert await is_refused(server, first)
    assert await is_refused(server, third)


async def test_many_refreshes_at_once_all_succeed_and_end_with_one_token() -> None:
    server = await house()
    old = await first_token(server)
    answers = await asyncio.gather(*(refresh(server, old) for _ in range(20)))
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["access_token"] for answer in answers}) == 20
    assert not await is_refused(server, answers[0]["refresh_token"])


async def test_what_is_kept_beside_a_rolled_token_does_not_show_the_new_one() -> None:
    server = await house(**grace(60))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    row = await server.stores.refresh_token(key_of(old))
    assert row is not None
    assert row[0].successor
    assert new.encode() not in row[0].successor
    assert old.encode() not in row[0].document + row[0].key


# Lifetime -------------------------------------------------------------------------------------------------------------


def lasting(amount: int, kind: ThreeWay = ThreeWay.OVERRIDE) -> Lifetime:
    return Lifetime(kind, amount, TimeUnit.MINUTES)


FOR_EVER = lasting(0, ThreeWay.INDEFINITE)


async def test_a_grant_lives_as_long_as_was_fixed_when_it_was_made() -> None:
    server = await house(persistent_grants__max_lifetime=lasting(1), persistent_grants__idle_timeout=FOR_EVER)
    token = await first_token(server)
    await change_client(server, "app", persistent_grants__max_lifetime=FOR_EVER)
    clock_of(server).advance(seconds=59)
    token = (await refresh(server, token))["refresh_token"]
    clock_of(server).advance(seconds=1)
    assert await is_refused(server, token)


async def test_the_idle_window_slides_with_every_refresh() -> None:
    server = await house(persistent_grants__idle_timeout=lasting(1))
    token = await first_token(server)
    for _ in range(3):
        clock_of(server).advance(seconds=59)
        token = (await refresh(server, token))["refresh_token"]
    clock_of(server).advance(seconds=60)
    assert await is_refused(server, token)


async def test_the_idle_window_is_what_the_settings_say_now() -> None:
    server = await house(persistent_grants__idle_timeout=lasting(1))
    token = await first_token(server)
    clock_of(server).advance(seconds=120)
    await change_client(server, "app", persistent_grants__idle_timeout=FOR_EVER)
    assert not await is_refused(server, token)


async def test_of_both_limits_the_earlier_one_ends_the_grant() -> None:
    server = await house(persistent_grants__max_lifetime=lasting(10), persistent_grants__idle_timeout=lasting(20))
    token = await first_token(server)
    clock_of(server).advance(seconds=600)
    assert await is_refused(server, token)


@pytest.mark.parametrize(
    ("attribute", "client", "alive_after_minutes", "dead_after_minutes"),
    [
        ("5", lasting(1), 4, 5),
        ("", lasting(1), 0, 1),
        ("a while", lasting(1), 0, 1),
        ("-1", lasting(1), 100_000, None),
        (None, FOR_EVER, 100_000, None),
    ],
)
async def test_the_attribute_of_the_grant_wins_over_the_client(
    attribute: str | None, client: Lifetime, alive_after_minutes: int, dead_after_minutes: int | None
) -> None:
    server = await house(persistent_grants__max_lifetime=client, persistent_grants__idle_timeout=FOR_EVER)
    attributes = {} if attribute is None else {"PERSISTENT_GRANT_LIFETIME": attribute}
    token = await first_token(server, attributes=attributes)
    clock_of(server).advance(seconds=alive_after_minutes * 60)
    token = (await refresh(server, token))["refresh_token"]
    if dead_after_minutes is not None:
        clock_of(server).advance(seconds=(dead_after_minutes - alive_after_minutes) * 60)
        assert await is_refused(server, token)


async def test_the_servers_lifetime_counts_where_the_client_has_none() -> None:
    server = await house()
    token = await first_token(server)
    clock_of(server).advance(seconds=30 * 86400 - 1)
    token = (await refresh(server, token))["refresh_token"]
    clock_of(server).advance(seconds=30 * 86400)
    assert await is_refused(server, token)


# Whose, and what for --------------------------------------------------------------------------------------------------


async def test_a_refresh_token_is_worth_nothing_to_another_client() -> None:
    server = await house()
    token = await first_token(server)
    with pytest.raises(InvalidGrant, match=UNKNOWN):
        await refresh(server, token, "other")
    assert not await is_refused(server, token)


async def test_a_text_that_is_no_refresh_token_is_refused() -> None:
    server = await house()
    assert await is_refused(server, "x" * 42)
    assert await is_refused(server, (await ask(server, grant_type="client_credentials"))["access_token"])


async def test_refresh_token_is_required() -> None:
    with pytest.raises(InvalidRequest):
        await ask(await house(), grant_type="refresh_token")


async def test_the_scope_may_be_narrowed_for_once_and_never_widened() -> None:
    server = await house()
    token = await first_token(server)
    answer = await refresh(server, token, scope="email")
    assert answer["scope"] == "email"
    assert (await refresh(server, answer["refresh_token"]))["scope"] == "openid profile email"
    with pytest.raises(InvalidScope):
        await refresh(server, answer["refresh_token"], scope="openid address")


async def test_a_refused_scope_does_not_roll_the_token() -> None:
    server = await house(**grace(0))
    token = await first_token(server)
    with pytest.raises(InvalidScope):
        await refresh(server, token, scope="address")
    assert not await is_refused(server, token)


async def test_scopes_that_the_client_lost_are_not_refreshed() -> None:
    server = await house()
    token = await first_token(server)
    await change_client(server, "app", scopes__restrict=True, scopes__restricted=("openid", "email"))
    with pytest.raises(InvalidScope):
        await refresh(server, token, scope="profile")
    assert (await refresh(server, token))["scope"] == "openid email"


async def test_a_client_that_lost_the_grant_type_is_refused_and_gets_it_back() -> None:
    server = await house()
    token = await first_token(server)
    await change_client(server, "app", grants__allowed=frozenset({GrantType.AUTHORIZATION_CODE}))
    with pytest.raises(UnauthorizedClient):
        await refresh(server, token)
    await change_client(server, "app", grants__allowed=frozenset({GrantType.REFRESH_TOKEN}))
    assert not await is_refused(server, token)


async def test_a_person_who_was_disabled_since_gets_no_tokens() -> None:
    server = await house()
    token = await first_token(server)
    await change_person(server, "joe", disabled=True)
    assert await is_refused(server, token)
    await change_person(server, "joe", disabled=False)
    assert not await is_refused(server, token)


async def test_a_revoked_grant_gets_no_grace() -> None:
    server = await house(**grace(60))
    old = await first_token(server)
    new = (await refresh(server, old))["refresh_token"]
    (grant,) = await server.stores.grants_of(client_id="app")
    await server.stores.commit(RevokeGrant(grant.grant_id, server.clock.now()))
    assert await is_refused(server, old)
    assert await is_refused(server, new)


async def test_a_refresh_keeps_the_manager_of_the_grant_unless_another_is_named() -> None:
    server = await house()
    token = await first_token(server, manager="jwt")
    answer = await refresh(server, token)
    assert answer["access_token"].count(".") == 2
    named = await refresh(server, answer["refresh_token"], access_token_manager_id="reference")
    assert named["access_token"].count(".") == 0


# ID tokens ------------------------------------------------------------------------------------------------------------


async def test_a_refresh_returns_an_id_token_only_where_the_policy_says_so() -> None:
    server = await house()
    assert "id_token" not in await refresh(server, await first_token(server))


async def test_a_refreshed_id_token_is_about_the_same_sign_on(returning: Server) -> None:
    first = await redeem(returning, await code_for(returning, nonce="n"))
    clock_of(returning).advance(seconds=100)
    second = await refresh(returning, first["refresh_token"])
    before, after = segment(first["id_token"], 1), segment(second["id_token"], 1)
    for name in ("iss", "sub", "aud", "auth_time"):
        assert after[name] == before[name]
    assert after["iat"] == before["iat"] + 100
    assert "nonce" not in after
    assert after["at_hash"] != before["at_hash"]


@pytest.fixture
async def returning() -> Server:
    """A server whose policy returns ID tokens on refresh."""
    objects = fresh_objects()
    policy = replace(objects.policies["default"], return_on_refresh=True)
    server = make_server(objects=replace(objects, policies=MappingProxyType({"default": policy})))
    await add_client(server)
    await add_person(server)
    return server


async def test_a_role_that_was_switched_off_gives_no_id_token(returning: Server) -> None:
    token = (await redeem(returning, await code_for(returning)))["refresh_token"]
    assert "id_token" not in await refresh(changed(returning, roles__openid=False), token)
