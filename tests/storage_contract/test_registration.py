"""Registrations, initial access tokens and quotas: whatever counts, counts over all processes and nodes."""

from asyncio import gather

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import (
    AddClient,
    AddInitialToken,
    AddRegistration,
    Change,
    Conflict,
    ForgetUncheckedSector,
    NoteUncheckedSector,
    RemoveClient,
    RemoveInitialToken,
    SaveRegistration,
    TakeQuota,
    UseInitialToken,
)
from ostiary.ports.records import InitialTokenRecord, RegistrationRecord
from ostiary.ports.stores import Stores
from tests.storage_contract.samples import NOW, client, key

pytestmark = pytest.mark.anyio

REGISTRATION = RegistrationRecord(
    client_id="dc-1", created_at=NOW, token=b"t1", source="192.0.2.1", vouched_by="i1", document=b'{"v":1}'
)
TOKEN = InitialTokenRecord(
    key=key("i"), id="i1", created_at=NOW + 1, expires_at=NOW + 1000, uses=0, most_uses=3, document=b'{"v":1,"n":1}'
)


async def kept(stores: Stores, *changes: Change) -> bool:
    try:
        await stores.commit(*changes)
    except Conflict:
        return False
    return True


async def test_a_registration_comes_back_and_goes_with_its_client(stores: Stores) -> None:
    await stores.commit(AddClient(client("dc-1")), AddRegistration(REGISTRATION))
    assert await stores.registration("dc-1") == REGISTRATION
    for other in ("dc-2", "", "dc-1\0", "\udfff"):
        assert await stores.registration(other) is None
    assert not await kept(stores, AddRegistration(REGISTRATION))
    await stores.commit(RemoveClient("dc-1"))
    assert await stores.registration("dc-1") is None


async def test_of_many_who_change_a_registration_token_at_once_one_does(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddRegistration(REGISTRATION))
    nodes = [stores, second_node] * 10
    changed = await gather(
        *(
            kept(node, SaveRegistration(replace(REGISTRATION, token=b"n%d" % n, document=b"{}", source="x"), b"t1"))
            for n, node in enumerate(nodes)
        )
    )
    assert changed.count(True) == 1
    found = await stores.registration("dc-1")
    assert found == replace(REGISTRATION, token=b"n%d" % changed.index(True), document=b"{}")
    assert not await kept(stores, SaveRegistration(replace(REGISTRATION, client_id="dc-2"), b"t1"))


async def test_an_initial_token_counts_as_often_as_it_says_and_until_its_time(stores: Stores) -> None:
    await stores.commit(AddInitialToken(TOKEN))
    assert await stores.initial_token(TOKEN.key) == TOKEN
    assert not await kept(stores, UseInitialToken(TOKEN.key, TOKEN.expires_at))
    for _ in range(3):
        await stores.commit(UseInitialToken(TOKEN.key, TOKEN.expires_at - 1))
    assert not await kept(stores, UseInitialToken(TOKEN.key, NOW))
    assert not await kept(stores, UseInitialToken(key("other"), NOW))
    assert await stores.initial_token(TOKEN.key) == replace(TOKEN, uses=3)


async def test_of_many_uses_at_once_no_more_are_kept_than_there_are(stores: Stores, second_node: Stores) -> None:
    await stores.commit(AddInitialToken(TOKEN))
    nodes = [stores, second_node] * 10
    used = await gather(*(
        kept(node, UseInitialToken(TOKEN.key, NOW), AddClient(client(f"dc-{n}"))) for n, node in enumerate(nodes)
    ))  # fmt: skip
    assert used.count(True) == 3
    assert await stores.count_clients() == 3


async def test_a_use_that_led_to_nothing_is_not_taken(stores: Stores) -> None:
    await stores.commit(AddInitialToken(TOKEN), AddClient(client("dc-1")))
    assert not await kept(stores, UseInitialToken(TOKEN.key, NOW), AddClient(client("dc-1")))
    assert await stores.initial_token(TOKEN.key) == TOKEN


async def test_initial_tokens_are_listed_by_age_and_removed_by_id(stores: Stores) -> None:
    second = replace(TOKEN, key=key("j"), id="i2", created_at=NOW)
    await stores.commit(AddInitialToken(TOKEN), AddInitialToken(second))
    assert list(await stores.initial_tokens()) == [second, TOKEN]
    assert not await kept(stores, AddInitialToken(replace(TOKEN, key=key("k"))))
    await stores.commit(RemoveInitialToken("i1"))
    assert not await kept(stores, RemoveInitialToken("i1"))
    assert list(await stores.initial_tokens()) == [second]


async def test_a_quota_holds_over_nodes_and_begins_anew_after_its_window(stores: Stores, second_node: Stores) -> None:
    nodes = [stores, second_node] * 10
    taken = await gather(*(kept(node, TakeQuota(key("q"), NOW, NOW + 100, 4)) for node in nodes))
    assert taken.count(True) == 4
    assert not await kept(second_node, TakeQuota(key("q"), NOW + 99, NOW + 199, 4))
    assert await kept(stores, TakeQuota(key("other"), NOW, NOW + 100, 1))
    assert await kept(stores, TakeQuota(key("q"), NOW + 100, NOW + 200, 1))
    assert not await kept(stores, TakeQuota(key("q"), NOW + 101, NOW + 200, 1))
    assert await kept(stores, TakeQuota(key("q"), NOW + 101, NOW + 200, 2))


async def test_a_sector_to_be_checked_is_noted_forgotten_and_goes_with_its_client(stores: Stores) -> None:
    await stores.commit(AddClient(client("a")), NoteUncheckedSector("a", NOW), NoteUncheckedSector("b", NOW))
    await stores.commit(NoteUncheckedSector("a", NOW + 1))
    assert await stores.is_sector_unchecked("a")
    assert not await stores.is_sector_unchecked("c\0")
    await stores.commit(RemoveClient("a"), ForgetUncheckedSector("b"), ForgetUncheckedSector("c"))
    assert not await stores.is_sector_unchecked("a")
    assert not await stores.is_sector_unchecked("b")


async def test_clean_up_takes_expired_tokens_and_windows(stores: Stores) -> None:
    await stores.commit(AddInitialToken(TOKEN), TakeQuota(key("q"), NOW, NOW + 1000, 1))
    assert await stores.clean_up(NOW + 999) == 0
    assert await stores.clean_up(NOW + 1000) == 2
    assert await stores.initial_token(TOKEN.key) is None
