"""Sessions, accounts, and the failures that lock them."""

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccount,
    AddSession,
    Conflict,
    RemoveAccount,
    RemoveSession,
    SaveAccount,
    SaveSession,
    TouchSession,
)
from ostiary.ports.stores import Stores
from tests.storage_contract.samples import NOW, account, key, session

pytestmark = pytest.mark.anyio

LOCK = 60_000


async def test_a_session_is_added_touched_saved_and_removed(stores: Stores) -> None:
    await stores.commit(AddSession(session("s")), AddSession(session("t")))
    assert await stores.session(key("s")) == session("s")
    await stores.commit(TouchSession(key("s"), NOW + 70, NOW + 80))
    assert await stores.session(key("s")) == replace(session("s"), last_used_at=NOW + 70, expires_at=NOW + 80)
    changed = replace(session("s"), user_key="users:eve", created_at=1, last_used_at=2, expires_at=3, document=b"{}")
    await stores.commit(SaveSession(changed))
    assert await stores.session(key("s")) == changed
    await stores.commit(RemoveSession(key("s")))
    await stores.commit(RemoveSession(key("s")), TouchSession(key("s"), 1, 2))
    assert await stores.session(key("s")) is None
    assert await stores.session(key("t")) == session("t")


async def test_a_session_that_ended_is_not_saved_back(stores: Stores) -> None:
    with pytest.raises(Conflict):
        await stores.commit(SaveSession(session("s")))
    assert await stores.session(key("s")) is None


async def test_an_account_is_added_once_and_letter_case_matters(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")), AddAccount(account("Ada")), AddAccount(account("ada", "admin")))
    with pytest.raises(Conflict):
        await stores.commit(AddAccount(account("ada", version=9)))
    assert await stores.account("users", "ada") == account("ada")
    assert await stores.account("users", "ADA") is None
    assert await stores.accounts("users") == [account("Ada"), account("ada")]
    assert await stores.accounts("nobody") == []


async def test_an_account_is_saved_over_the_version_that_was_read(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")))
    await stores.commit(SaveAccount(account("ada", version=2), expected=1))
    with pytest.raises(Conflict):
        await stores.commit(SaveAccount(account("ada", version=2), expected=1))
    assert await stores.account("users", "ada") == account("ada", version=2)


async def test_an_account_is_removed_once(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")))
    await stores.commit(RemoveAccount("users", "ada"))
    with pytest.raises(Conflict):
        await stores.commit(RemoveAccount("users", "ada"))


@pytest.mark.parametrize("name", ["", "a\0da", "a\ud800da", "nobody"])
async def test_a_name_nobody_has_is_a_miss(stores: Stores, name: str) -> None:
    assert await stores.account("users", name) is None
    assert await stores.count_failure("users", name, NOW, 3, LOCK) is None
    await stores.forget_failures("users", name)
    for change in (SaveAccount(account(name), expected=1), RemoveAccount("users", name)):
        with pytest.raises(Conflict):
            await stores.commit(change)


async def test_failures_in_a_row_lock_an_account(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")), AddAccount(account("eve")))
    first = await stores.count_failure("users", "ada", NOW, 3, LOCK)
    second = await stores.count_failure("users", "ada", NOW + 1, 3, LOCK)
    third = await stores.count_failure("users", "ada", NOW + 2, 3, LOCK)
    assert first == replace(account("ada"), failures=1)
    assert second == replace(account("ada"), failures=2)
    assert third == replace(account("ada"), failures=3, locked_until=NOW + 2 + LOCK)
    assert await stores.account("users", "ada") == third
    assert await stores.account("users", "eve") == account("eve")


async def test_a_success_in_between_begins_a_new_count(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")))
    for _ in range(2):
        await stores.count_failure("users", "ada", NOW, 3, LOCK)
    await stores.forget_failures("users", "ada")
    assert await stores.account("users", "ada") == account("ada")


async def test_a_lock_that_has_ended_begins_a_new_count(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")))
    for _ in range(3):
        await stores.count_failure("users", "ada", NOW, 3, LOCK)
    during = await stores.count_failure("users", "ada", NOW + LOCK - 1, 3, LOCK)
    assert during == replace(account("ada"), failures=4, locked_until=NOW + 2 * LOCK - 1)
    after = await stores.count_failure("users", "ada", NOW + 2 * LOCK - 1, 3, LOCK)
    assert after == replace(account("ada"), failures=1)
    assert await stores.account("users", "ada") == after


async def test_saving_an_account_touches_neither_failures_nor_lock(stores: Stores) -> None:
    await stores.commit(AddAccount(account("ada")))
    locked = await stores.count_failure("users", "ada", NOW, 1, LOCK)
    assert locked is not None
    await stores.commit(SaveAccount(account("ada", version=2), expected=1))
    kept = replace(account("ada", version=2), failures=1, locked_until=locked.locked_until)
    assert await stores.account("users", "ada") == kept
