"""A name and a password: what is checked, counted, locked and told."""

from dataclasses import replace

import pytest
from msgspec import structs

from ostiary.keys.passwords import Passwords
from ostiary.limits import LIMITS
from ostiary.ports.clock import MINUTE
from ostiary.server_settings import DECLARATION
from ostiary.server_settings.objects import build, fresh
from ostiary.users import sign_on
from ostiary.users.accounts import user_key
from ostiary.users.sign_on import LOCK_MS, MOST_FAILURES, Attempt, Cause, SignOnRefused
from tests.authorization_endpoint.browser import PASSWORD, Place

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place() -> Place:
    return await Place.build()


async def attempt(place: Place, password: str = PASSWORD, username: str = "mara", **more: str) -> str:
    """The user key, or the cause of the refusal."""
    source, validator = more.get("source", "192.0.2.7"), more.get("validator")
    given = Attempt(username=username, password=password, source=source, validator=validator)
    try:
        return (await sign_on.check_password(given, place.server)).user_key
    except SignOnRefused as refused:
        return str(refused.cause)


class CountingPasswords(Passwords):
    """The real thing; it also counts how many hashes it was asked for."""

    asked = 0

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.asked += 1
        return await super().verify(password_hash, password)


async def test_a_good_password_gives_the_person(place: Place) -> None:
    assert await attempt(place) == "mara"


@pytest.mark.parametrize("username", ["Mara", "mara ", "", "nobody", "mara\0", "m" * 5000, "oauthadmin"])
async def test_a_name_counts_letter_by_letter(place: Place, username: str) -> None:
    assert await attempt(place, username=username) == Cause.NO_ACCOUNT


@pytest.mark.parametrize("password", ["", "correct-horse-7", PASSWORD + " ", "x" * 100_000])
async def test_a_password_counts_letter_by_letter(place: Place, password: str) -> None:
    assert await attempt(place, password) in (Cause.WRONG_PASSWORD, Cause.NO_ACCOUNT)


async def test_every_attempt_costs_one_hash_whether_the_name_is_known_or_not(place: Place) -> None:
    passwords = CountingPasswords(place.clock, time_cost=1, memory_kib=8)
    place.server = replace(place.server, passwords=passwords)
    for username in ("mara", "nobody", "mara"):
        before = passwords.asked
        await attempt(place, "wrong", username)
        assert passwords.asked == before + 1


async def test_six_failures_in_a_row_lock_the_account_for_a_minute(place: Place) -> None:
    for _ in range(MOST_FAILURES):
        assert await attempt(place, "wrong") == Cause.WRONG_PASSWORD
    assert await attempt(place) == Cause.LOCKED
    place.clock.advance(milliseconds=LOCK_MS - 1)
    assert await attempt(place) == Cause.LOCKED
    place.clock.advance(milliseconds=1)
    assert await attempt(place) == "mara"


async def test_a_good_password_begins_the_count_anew(place: Place) -> None:
    for _ in range(3):
        for _ in range(MOST_FAILURES - 1):
            await attempt(place, "wrong")
        assert await attempt(place) == "mara"
        place.clock.advance(milliseconds=MINUTE)


async def test_a_locked_account_still_costs_a_hash(place: Place) -> None:
    for _ in range(MOST_FAILURES):
        await attempt(place, "wrong")
    passwords = CountingPasswords(place.clock, time_cost=1, memory_kib=8)
    place.server = replace(place.server, passwords=passwords)
    assert await attempt(place) == Cause.LOCKED
    assert passwords.asked == 1


async def test_too_many_failures_from_one_source_are_held_up_before_anything_is_hashed(place: Place) -> None:
    passwords = CountingPasswords(place.clock, time_cost=1, memory_kib=8)
    place.server = replace(place.server, passwords=passwords)
    burst = LIMITS["sign-on-source"].burst
    for number in range(burst):
        assert await attempt(place, "wrong", f"name-{number}") == Cause.NO_ACCOUNT
    assert await attempt(place) == Cause.THROTTLED
    assert passwords.asked == burst
    assert await attempt(place, source="192.0.2.8") == "mara"


async def test_too_many_failures_for_one_name_are_held_up_where_they_come_from_and_nowhere_else(place: Place) -> None:
    for _ in range(LIMITS["sign-on-account"].burst):
        await attempt(place, "wrong")
    place.clock.advance(milliseconds=LOCK_MS)
    for _ in range(LIMITS["sign-on-account"].burst):
        await attempt(place, "wrong")
    assert await attempt(place) == Cause.THROTTLED
    place.clock.advance(milliseconds=1)
    assert await attempt(place, source="198.51.100.1") == Cause.LOCKED, "six failures in a row lock it for everybody"
    place.clock.advance(milliseconds=LOCK_MS)
    assert await attempt(place, source="198.51.100.1") == "mara"


async def test_a_name_that_is_too_long_is_refused_before_anything_is_counted_or_hashed(place: Place) -> None:
    passwords = CountingPasswords(place.clock, time_cost=1, memory_kib=8)
    place.server = replace(place.server, passwords=passwords)
    for _ in range(LIMITS["sign-on-source"].burst + 1):
        assert await attempt(place, "wrong", "m" * 257) == Cause.NO_ACCOUNT
    assert passwords.asked == 0
    assert await attempt(place, "wrong", "m" * 256) == Cause.NO_ACCOUNT
    assert passwords.asked == 1


async def test_those_who_sign_on_well_do_not_use_up_the_limit(place: Place) -> None:
    for _ in range(LIMITS["sign-on-source"].burst + 5):
        assert await attempt(place) == "mara"


async def test_a_disabled_account_is_refused_with_its_good_password(place: Place) -> None:
    await place.add_person("nils", disabled=True)
    assert await attempt(place, username="nils") == Cause.DISABLED


async def test_a_service_account_is_no_person(place: Place) -> None:
    await place.add_person("oauthadmin", store="services")
    assert sign_on.chain(place.server) == ("users",)
    assert await attempt(place, username="oauthadmin") == Cause.NO_ACCOUNT


@pytest.mark.parametrize("guard", [None, "partners"])
async def test_service_accounts_are_no_people_whatever_guards_the_service(place: Place, guard: str | None) -> None:
    await place.add_person("oauthadmin", store="services")
    await place.add_person("gateway", store="partners")
    (first,) = [record for record in fresh() if record.kind == "password-validator" and record.id == "users"]
    partners = structs.replace(first, id="partners", document=first.document.replace(b'"users"', b'"partners"'))
    settings = DECLARATION.with_values(place.server.settings, {"management.validator": guard})
    place.server = replace(place.server, settings=settings, objects=build((*fresh(), partners))[1])
    assert await attempt(place, username="oauthadmin") == Cause.NO_ACCOUNT
    assert await attempt(place, username="oauthadmin", validator="services") == Cause.NO_VALIDATOR
    assert (await attempt(place, username="gateway") == Cause.NO_ACCOUNT) is (guard == "partners")


async def test_failures_are_recorded_with_their_cause_and_never_with_the_password(place: Place) -> None:
    await attempt(place, "my-secret-typo")
    (event,) = place.happened("person.sign_on_failed")
    assert (event.subject, event.cause) == ("mara", "wrong-password")
    assert "my-secret-typo" not in repr(event)


async def test_a_password_typed_into_the_box_of_the_name_is_not_recorded(place: Place) -> None:
    for password in ("", PASSWORD, "x" * 5000):
        await attempt(place, password, username="My-Secret-Password-7")
        await attempt(place, password, username="My-Secret-Password-7", validator="nowhere")
    for _ in range(LIMITS["sign-on-source"].burst):
        await attempt(place, "wrong", username="My-Secret-Password-7")
    events = place.happened("person.sign_on_failed")
    assert {event.subject for event in events} == {""}
    assert {event.cause for event in events} == {Cause.NO_ACCOUNT, Cause.NO_VALIDATOR, Cause.THROTTLED}
    assert "My-Secret" not in repr(events)


async def test_the_name_of_an_account_is_recorded_whatever_was_wrong(place: Place) -> None:
    await place.add_person("nils", disabled=True)
    await attempt(place, username="nils")
    for _ in range(MOST_FAILURES + 1):
        await attempt(place, "wrong")
    told = {(event.subject, event.cause) for event in place.happened("person.sign_on_failed")}
    assert told == {("nils", Cause.DISABLED), ("mara", Cause.WRONG_PASSWORD), ("mara", Cause.LOCKED)}


async def test_two_validators_that_know_one_name_do_not_make_one_person(place: Place) -> None:
    (first,) = [record for record in fresh() if record.kind == "password-validator" and record.id == "users"]
    second = structs.replace(first, id="partners", document=first.document.replace(b'"users"', b'"partners"'))
    place.server = replace(place.server, objects=build((*fresh(), second))[1])
    await place.remove_person("mara")
    await place.add_person("mara", store="partners")
    assert await attempt(place) == "partners|mara"
    await place.add_person("mara", store="users")
    assert await attempt(place) in ("mara", "partners|mara")


def test_user_keys_are_one_per_account() -> None:
    keys = [user_key("users", "mara"), user_key("partners", "mara"), user_key("users", "partners|mara")]
    assert keys == ["mara", "partners|mara", "users|partners|mara"]
    assert len(set(keys)) == 3
