"""A request that resembles an earlier one is judged by what is new of it, and anew as soon as anything changed."""

from typing import Any

import pytest

from ostiary.authorization_endpoint import judging
from ostiary.authorization_endpoint.judging import judged
from ostiary.errors import InvalidRequest, InvalidScope, OAuthError, UnauthorizedClient
from ostiary.parameters import Parameters
from ostiary.server_settings.scopes import Scope
from ostiary.words import GrantType
from tests import house
from tests.authorization_endpoint.browser import CHALLENGE, REQUEST, Place

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place() -> Place:
    return await Place.build()


async def judge(place: Place, **changed: str) -> Any:
    asked, proposal = judged(
        Parameters.of(**{**REQUEST, **changed}), await house.found(place.server, "shop"), place.server
    )
    return asked, proposal


async def test_what_belongs_to_the_moment_is_always_that_of_the_request(place: Place) -> None:
    first, proposal = await judge(place, state="one", nonce="n1")
    other = CHALLENGE[:-1] + "A"
    second, same = await judge(place, state="two", nonce="n2", code_challenge=other)
    assert same is proposal
    assert (second.request.state, second.request.nonce, second.request.code_challenge) == ("two", "n2", other)
    assert second.request.parameters.get("state") == "two"
    assert (first.request.state, first.request.nonce) == ("one", "n1")
    third, _ = await judge(place, state="")
    assert (third.request.state, third.request.nonce) == (None, None)


@pytest.mark.parametrize(("challenge", "method"), [("short", "S256"), ("", "S256"), (CHALLENGE, "plain")])
async def test_a_challenge_is_judged_each_time(place: Place, challenge: str, method: str) -> None:
    await judge(place)
    with pytest.raises(InvalidRequest):
        await judge(place, code_challenge=challenge, code_challenge_method=method)


async def test_a_client_that_changed_is_judged_anew(place: Place) -> None:
    await judge(place)
    await place.change_client(grants__allowed=frozenset({GrantType.CLIENT_CREDENTIALS}))
    with pytest.raises(UnauthorizedClient):
        await judge(place)


async def test_settings_that_changed_are_obeyed(place: Place) -> None:
    place.set(scopes__common=(Scope(name="bank", description="Your bank"),))
    await judge(place, scope="openid bank")
    place.set(scopes__common=())
    with pytest.raises(InvalidScope):
        await judge(place, scope="openid bank")


@pytest.mark.parametrize("more", [{"request": "x"}, {"request_uri": "urn:x"}, {"authorization_details": "[]"}])
async def test_what_else_is_sent_is_never_overlooked(place: Place, more: dict[str, str]) -> None:
    await judge(place)
    with pytest.raises(OAuthError):
        await judge(place, **more)


async def test_what_is_remembered_is_bounded(place: Place) -> None:
    for number in range(judging.MOST_JUDGED + 5):
        await judge(place, redirect_uri=f"https://shop.example/{number}")
    assert len(judging._judged) <= judging.MOST_JUDGED
    before = len(judging._judged)
    await judge(place, redirect_uri="https://shop.example/" + "x" * judging.MOST_CHARACTERS)
    assert len(judging._judged) == before
