"""Sessions: how they begin, how long they last, and what finds them."""

from dataclasses import replace

import pytest
from msgspec import structs

from ostiary.ports.changes import AddSession, SaveSession
from ostiary.ports.clock import MINUTE
from ostiary.sessions import session as sessions
from ostiary.sessions.cookies import clear_cookie, handle_in, set_cookie
from ostiary.sessions.session import FOR_EVER, MOST_SIGN_ONS, TOUCH_MS, Begun, Session, SignOn
from tests.authorization_endpoint.browser import ISSUER, Place

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place() -> Place:
    return await Place.build()


async def begin(place: Place, user_key: str = "mara", before: Session | None = None) -> Begun:
    act = SignOn(at=place.clock.now(), validator="users", acr=("a",), amr=("pwd",))
    begun = sessions.begin(
        user_key=user_key, validator="users", username=user_key, sign_on=act, before=before, server=place.server
    )
    await place.server.stores.commit(*begun.changes)
    return begun


async def found(place: Place, *cookies: str | None) -> Session | None:
    return await sessions.find(cookies, place.server)


async def test_a_session_is_found_by_its_handle_and_by_nothing_else(place: Place) -> None:
    begun = await begin(place)
    assert await found(place, begun.handle) == begun.session
    assert await found(place, None, begun.handle) == begun.session
    for wrong in (None, "", begun.handle[:-1], begun.handle + "x", begun.handle.swapcase(), begun.session.sri):
        assert await found(place, wrong) is None


async def test_the_store_knows_no_handle(place: Place) -> None:
    begun = await begin(place)
    record = await place.server.stores.session(begun.session.key)
    assert record is not None
    assert begun.handle.encode() not in record.document
    assert begun.handle.encode() not in record.key


async def test_idle_and_maximum_timeout_end_a_session(place: Place) -> None:
    place.set(sessions__idle_timeout_minutes=10, sessions__max_timeout_minutes=15)
    handle = (await begin(place)).handle
    place.clock.advance(milliseconds=10 * MINUTE - 1)
    session = await found(place, handle)
    assert session is not None
    await sessions.touch(session, place.server)
    place.clock.advance(milliseconds=5 * MINUTE)
    assert await found(place, handle) is not None
    place.clock.advance(milliseconds=1)
    assert await found(place, handle) is None, "the maximum counts from the beginning"


async def test_a_session_that_is_not_used_ends_with_its_idle_timeout(place: Place) -> None:
    place.set(sessions__idle_timeout_minutes=10)
    handle = (await begin(place)).handle
    place.clock.advance(milliseconds=10 * MINUTE)
    assert await found(place, handle) is None


async def test_minus_one_switches_a_timeout_off(place: Place) -> None:
    place.set(sessions__idle_timeout_minutes=-1, sessions__max_timeout_minutes=60)
    assert (await begin(place)).session.expires_at == place.clock.now() + 60 * MINUTE
    place.set(sessions__max_timeout_minutes=-1)
    assert (await begin(place)).session.expires_at == FOR_EVER


async def test_a_shorter_timeout_takes_effect_at_once(place: Place) -> None:
    handle = (await begin(place)).handle
    place.clock.advance(milliseconds=20 * MINUTE)
    assert await found(place, handle) is not None
    place.set(sessions__idle_timeout_minutes=10)
    assert await found(place, handle) is None


async def test_use_is_written_down_at_most_once_a_minute(place: Place) -> None:
    begun = await begin(place)
    for wait, last_used in ((TOUCH_MS - 1, begun.session.last_used_at), (1, begun.session.last_used_at + TOUCH_MS)):
        place.clock.advance(milliseconds=wait)
        session = await found(place, begun.handle)
        assert session is not None
        await sessions.touch(session, place.server)
        record = await place.server.stores.session(begun.session.key)
        assert record is not None
        assert record.last_used_at == last_used


async def test_signing_on_again_keeps_the_identifier_and_remembers_both_acts(place: Place) -> None:
    first = await begin(place)
    place.clock.advance(seconds=5)
    second = await begin(place, before=first.session)
    assert second.handle != first.handle
    assert second.session.sri == first.session.sri
    assert [act.at for act in second.session.sign_ons] == [place.clock.now() - 5000, place.clock.now()]
    assert second.session.latest.at == place.clock.now()
    assert await found(place, first.handle) is None


async def test_another_person_begins_anew(place: Place) -> None:
    first = await begin(place)
    second = await begin(place, "nils", before=first.session)
    assert second.session.sri != first.session.sri
    assert len(second.session.sign_ons) == 1
    assert await found(place, first.handle) is None


async def test_a_session_remembers_only_the_latest_acts(place: Place) -> None:
    session = None
    for _ in range(MOST_SIGN_ONS + 3):
        session = (await begin(place, before=session)).session
    assert session is not None
    assert len(session.sign_ons) == MOST_SIGN_ONS


async def test_a_session_belongs_to_its_issuer(place: Place) -> None:
    handle = (await begin(place)).handle
    place.server = replace(place.server, issuer="https://sso.example/other")
    assert await found(place, handle) is None


async def test_switched_off_sessions_are_not_found(place: Place) -> None:
    handle = (await begin(place)).handle
    place.set(sessions__enabled=False)
    assert await found(place, handle) is None


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b'{"v":2}', b'{"v":1,"sign_ons":[]}'])
async def test_a_row_that_cannot_be_read_is_nobody(place: Place, document: bytes) -> None:
    begun = await begin(place)
    (record,) = [change.session for change in begun.changes if isinstance(change, AddSession)]
    await place.server.stores.commit(SaveSession(structs.replace(record, document=document)))
    assert await found(place, begun.handle) is None


async def test_the_user_key_column_can_be_hashed(place: Place) -> None:
    place.set(sessions__hash_user_key=True)
    begun = await begin(place)
    record = await place.server.stores.session(begun.session.key)
    assert record is not None
    assert len(record.user_key) == 43
    session = await found(place, begun.handle)
    assert session is not None
    assert session.user_key == "mara"


def test_cookies_follow_the_scheme() -> None:
    assert set_cookie("PF", "h", ISSUER) == "PF=h; Path=/; Secure; HttpOnly; SameSite=None"
    assert set_cookie("PF", "h", "http://localhost:9031") == "PF=h; Path=/; HttpOnly; SameSite=Lax"
    assert "Max-Age=60;" in set_cookie("PF", "h", ISSUER, max_age_seconds=60)
    assert clear_cookie("PF", ISSUER).startswith("PF=; Path=/; Max-Age=0;")


@pytest.mark.parametrize("value", [None, "", "short", "x" * 129, "a b" * 20, "é" * 40, 'x" ; y' * 8])
def test_what_is_no_handle_of_ours_counts_as_absent(value: str | None) -> None:
    assert handle_in(value) is None
