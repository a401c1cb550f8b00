"""Administrative accounts: made, changed and removed by administrators, and never all of them."""

from asyncio import gather

import pytest

from ostiary.audit.events import AccountChanged
from tests.house import events_of
from tests.web.admin_api.place import ADMIN, AUDITOR, PASSWORD, Place

pytestmark = pytest.mark.anyio
PATH = "/administrativeAccounts"
EVE = {"username": "eve", "password": "Other-12345", "description": "E", "roles": ["ADMINISTRATOR"]}


async def test_the_accounts_of_the_installation_are_shown_without_passwords(place: Place) -> None:
    found = await place.ask("GET", PATH)
    assert found.json["items"] == [
        {"username": ADMIN, "active": True, "auditor": False, "roles": ["ADMINISTRATOR"]},
        {"username": AUDITOR, "active": True, "auditor": True, "roles": []},
    ]
    assert "argon2" not in found.text


async def test_an_account_works_from_when_it_is_made_until_it_is_switched_off_or_removed(place: Place) -> None:
    made = await place.ask("POST", PATH, {**EVE, "password": PASSWORD})
    assert made.status == 201
    assert PASSWORD not in made.text
    assert made.headers["location"].endswith(f"{PATH}/eve")
    assert (await place.ask("GET", PATH, user="eve")).status == 200
    await place.put(f"{PATH}/eve", {"active": False, "roles": ["ADMINISTRATOR"]})
    assert (await place.ask("GET", PATH, user="eve")).status == 401
    await place.put(f"{PATH}/eve", {"auditor": True})
    assert (await place.ask("PUT", f"{PATH}/eve", EVE, user="eve")).status == 403
    assert (await place.ask("DELETE", f"{PATH}/eve")).status == 204
    assert (await place.ask("GET", PATH, user="eve")).status == 401


async def test_a_password_that_is_not_sent_stays_and_a_new_one_counts_at_once(place: Place) -> None:
    await place.post(PATH, {**EVE, "password": PASSWORD})
    saved = await place.put(f"{PATH}/eve", {"roles": ["ADMINISTRATOR", "USER_ADMINISTRATOR"]})
    assert saved == {
        "username": "eve", "active": True, "auditor": False, "roles": ["ADMINISTRATOR", "USER_ADMINISTRATOR"],
    }  # fmt: skip
    assert (await place.ask("GET", PATH, user="eve")).status == 200
    await place.put(f"{PATH}/eve", EVE)
    assert (await place.ask("GET", PATH, user="eve")).status == 401


async def test_everything_wrong_with_an_account_is_told_at_once(place: Place) -> None:
    body = {"username": "a:b", "password": "weak", "auditor": False}
    assert await place.refused("POST", PATH, body) == dict.fromkeys(("username", "password", "roles"), "invalid_value")
    assert await place.refused("POST", PATH, {"auditor": True}) == {"username": "required"}
    assert await place.refused("POST", PATH, {"username": "x", "auditor": True}) == {"password": "required"}
    assert await place.refused("POST", PATH, {**EVE, "auditor": True}) == {"roles": "invalid_value"}
    assert await place.refused("POST", PATH, {**EVE, "roles": ["KING"]}, 400) == {"roles": "malformed_value"}
    assert await place.refused("POST", PATH, {**EVE, "username": ADMIN}) == {"username": "id_in_use"}
    found = await place.ask("POST", PATH, {**EVE, "x": 1}, query="strict=true")
    assert (found.status, found.errors) == (400, {"x": "unknown_member"})


async def test_the_last_account_that_may_change_anything_stays(place: Place) -> None:
    assert await place.refused("PUT", f"{PATH}/{ADMIN}", {"auditor": True}) == {"active": "invalid_value"}
    errors = await place.refused("PUT", f"{PATH}/{ADMIN}", {"active": False, "roles": ["ADMINISTRATOR"]})
    assert errors == {"active": "invalid_value"}
    assert (await place.ask("DELETE", f"{PATH}/{ADMIN}")).status == 422
    await place.post(PATH, {**EVE, "password": PASSWORD})
    assert (await place.ask("DELETE", f"{PATH}/{ADMIN}")).status == 422
    assert (await place.ask("DELETE", f"{PATH}/{ADMIN}", user="eve")).status == 204


async def test_nobody_is_404_and_a_state_left_behind_412(place: Place) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await place.ask(method, f"{PATH}/none", EVE)).status == 404
    tag = (await place.ask("POST", PATH, EVE)).tag
    await place.put(f"{PATH}/eve", {"auditor": True})
    assert (await place.ask("PUT", f"{PATH}/eve", EVE, ("if-match", tag))).status == 412
    assert (await place.ask("DELETE", f"{PATH}/eve", None, ("if-match", tag))).status == 412


async def test_changes_of_accounts_are_told(place: Place) -> None:
    await place.post(PATH, EVE)
    await place.put(f"{PATH}/eve", {"auditor": True})
    await place.put(f"{PATH}/eve", {"auditor": True})
    await place.put(f"{PATH}/eve", {"auditor": True, "password": "Third-12345"})
    await place.ask("DELETE", f"{PATH}/eve")
    assert events_of(place.server).events == [
        AccountChanged(subject="eve", by=ADMIN, store="admin", what=what)
        for what in ("added", "changed", "password", "removed")
    ]


async def test_two_that_switch_each_other_off_at_once_do_not_both_succeed(place: Place) -> None:
    await place.post(PATH, {**EVE, "password": PASSWORD})
    off = {"active": False, "roles": ["ADMINISTRATOR"]}
    answers = await gather(place.ask("PUT", f"{PATH}/eve", off), place.ask("PUT", f"{PATH}/{ADMIN}", off, user="eve"))
    assert min(answer.status for answer in answers) == 200
    assert max(answer.status for answer in answers) > 400
    statuses = [(await place.ask("GET", PATH, user=user)).status for user in (ADMIN, "eve")]
    assert sorted(statuses) == [200, 401]
