"""What a browser carries between a page and its form."""

import pytest

from ostiary.parameters import Parameters
from ostiary.users.flow import (
    LIFETIME_MS,
    Cause,
    Flow,
    Stage,
    StaleFlow,
    answer_once,
    new_browser,
    open_page,
    take_form,
)
from tests.authorization_endpoint.browser import Place

pytestmark = pytest.mark.anyio
BROWSER = new_browser()
PARAMETERS = Parameters.from_form(b"client_id=shop&resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb&state=s%20s")


@pytest.fixture
async def place() -> Place:
    return await Place.build()


def taken(place: Place, state: str | None, browser: str | None = BROWSER, stage: Stage = Stage.CONSENT) -> Flow | Cause:
    try:
        return take_form(stage, state, browser, place.server)
    except StaleFlow as stale:
        return stale.cause


async def test_a_form_gives_back_what_its_page_was_made_with(place: Place) -> None:
    state = open_page(Stage.CONSENT, PARAMETERS, BROWSER, place.server, shown=("a", "b"), shown_claims=("email",))
    flow = taken(place, state)
    assert isinstance(flow, Flow)
    assert (flow.shown, flow.shown_claims) == (("a", "b"), ("email",))
    assert flow.request().all("resource") == ("https://a", "https://b")
    assert flow.request().get("state") == "s s"


async def test_nothing_of_the_request_can_be_read_from_the_page(place: Place) -> None:
    first = open_page(Stage.SIGN_ON, PARAMETERS, BROWSER, place.server)
    second = open_page(Stage.SIGN_ON, PARAMETERS, BROWSER, place.server)
    assert first != second
    assert "shop" not in first


@pytest.mark.parametrize(
    "browser",
    [None, "", new_browser(), BROWSER + "x", BROWSER[:-1]],
    ids=["none", "empty", "another", "longer", "shorter"],
)
async def test_only_the_browser_that_got_the_page_can_send_its_form(place: Place, browser: str | None) -> None:
    state = open_page(Stage.CONSENT, PARAMETERS, BROWSER, place.server)
    assert taken(place, state, browser) is Cause.FORGED


async def test_a_form_counts_for_its_own_page_only(place: Place) -> None:
    state = open_page(Stage.SIGN_ON, PARAMETERS, BROWSER, place.server)
    assert taken(place, state) is Cause.FORGED
    assert isinstance(taken(place, state, stage=Stage.SIGN_ON), Flow)


async def test_a_form_counts_for_fifteen_minutes(place: Place) -> None:
    state = open_page(Stage.CONSENT, PARAMETERS, BROWSER, place.server)
    place.clock.advance(milliseconds=LIFETIME_MS - 1)
    assert isinstance(taken(place, state), Flow)
    place.clock.advance(milliseconds=1)
    with pytest.raises(StaleFlow) as stale:
        take_form(Stage.CONSENT, state, BROWSER, place.server)
    assert stale.value.cause is Cause.EXPIRED
    assert stale.value.flow is not None


async def test_a_flow_is_answered_once(place: Place) -> None:
    flow = taken(place, open_page(Stage.CONSENT, PARAMETERS, BROWSER, place.server))
    assert isinstance(flow, Flow)
    await answer_once(flow, place.server)
    with pytest.raises(StaleFlow) as stale:
        await answer_once(flow, place.server)
    assert stale.value.cause is Cause.ANSWERED
