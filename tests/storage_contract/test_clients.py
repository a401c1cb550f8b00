"""Clients: added, saved and removed under their version, and read in the order of ids."""

import pytest

from ostiary.ports.changes import (
    AddAccessToken,
    AddClient,
    AddCode,
    AddGrant,
    AddRefreshToken,
    Conflict,
    RememberConsent,
    RemoveClient,
    SaveClient,
)
from ostiary.ports.records import ClientRecord
from ostiary.ports.stores import Stores
from tests.storage_contract.samples import (
    NOW,
    access_token,
    client,
    code,
    consent,
    grant,
    key,
    refresh_token,
)

pytestmark = pytest.mark.anyio

IDS = ("Z", "a", "aa", "ab", "b-1", "b_1", "ä", "中", "\U0001f600")
"""In the order of their UTF-8 bytes, which is not that of a language."""


async def test_a_client_comes_back_as_it_was_added(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")))
    assert await stores.client("shop") == client("shop")
    await stores.commit(AddClient(client("off", enabled=False)))
    assert await stores.client("off") == client("off", enabled=False)


async def test_an_id_is_exact(stores: Stores) -> None:
    await stores.commit(AddClient(client("Shop")))
    for other in ("shop", "Shop ", "", "SHOP", "Sho", "Shop\0", "Sh\udfffop"):
        assert await stores.client(other) is None


async def test_an_id_is_given_once(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")))
    with pytest.raises(Conflict):
        await stores.commit(AddClient(client("shop", name="Another")))
    assert await stores.client("shop") == client("shop")
    assert await stores.count_clients() == 1


async def test_saving_needs_the_version_that_is_stored(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")))
    await stores.commit(SaveClient(client("shop", 2, name="New", enabled=False, created_at=5), expected=1))
    with pytest.raises(Conflict):
        await stores.commit(SaveClient(client("shop", 2, name="Late"), expected=1))
    assert await stores.client("shop") == client("shop", 2, name="New", enabled=False, created_at=5)


async def test_a_client_that_is_not_there_can_neither_be_saved_nor_removed(stores: Stores) -> None:
    for change in (SaveClient(client("none", 2), expected=1), RemoveClient("none"), RemoveClient("no\0ne")):
        with pytest.raises(Conflict) as refused:
            await stores.commit(change)
        assert refused.value.change is change
    assert await stores.generation() == 0


async def test_a_client_goes_at_the_version_that_was_meant_and_at_no_other(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")), AddAccessToken(access_token("a", "shop", "")))
    await stores.commit(SaveClient(client("shop", 2), expected=1))
    for change in (RemoveClient("shop", 1), RemoveClient("none", 1)):
        with pytest.raises(Conflict) as refused:
            await stores.commit(change)
        assert refused.value.change is change
    assert await stores.access_token(key("a")) is not None
    await stores.commit(RemoveClient("shop", 2))
    assert await stores.client("shop") is None
    assert await stores.access_token(key("a")) is None


async def test_all_that_belongs_to_a_client_goes_with_it(stores: Stores) -> None:
    for owner in ("shop", "other"):
        await stores.commit(
            AddClient(client(owner)),
            AddCode(code(f"c-{owner}", owner, f"g-{owner}")),
            AddGrant(grant(f"g-{owner}", owner)),
            AddAccessToken(access_token(f"a-{owner}", owner, f"g-{owner}")),
            AddAccessToken(access_token(f"m-{owner}", owner, "")),
            AddRefreshToken(refresh_token(f"r-{owner}", f"g-{owner}", client_id=owner)),
            RememberConsent(consent("users:ada", owner)),
        )
        await stores.add_pushed(key(f"p-{owner}"), owner, NOW, b"{}")
    await stores.commit(RemoveClient("shop"))
    for owner, is_there in (("shop", False), ("other", True)):
        found = (
            await stores.client(owner),
            await stores.access_token(key(f"a-{owner}")),
            await stores.access_token(key(f"m-{owner}")),
            await stores.refresh_token(key(f"r-{owner}")),
            await stores.grant(f"g-{owner}"),
            await stores.consent("users:ada", owner),
            await stores.pushed(key(f"p-{owner}")),
            await stores.code(key(f"c-{owner}")),
        )
        assert [record is not None for record in found] == [is_there] * len(found)


async def test_a_removed_client_leaves_nothing_to_the_next_of_its_name(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")), AddAccessToken(access_token("a", "shop", "")))
    await stores.commit(RemoveClient("shop"))
    await stores.commit(AddClient(client("shop")))
    assert await stores.access_token(key("a")) is None


async def test_clients_come_in_the_order_of_their_bytes_in_chunks(stores: Stores) -> None:
    await stores.commit(*(AddClient(client(client_id)) for client_id in reversed(IDS)))
    chunks = [list(chunk) async for chunk in stores.clients(4)]
    assert [len(chunk) for chunk in chunks] == [4, 4, 1]
    assert [record for chunk in chunks for record in chunk] == [client(client_id) for client_id in IDS]
    assert await stores.count_clients() == len(IDS)


async def test_a_chunk_that_ends_with_the_last_client_is_not_followed_by_an_empty_one(stores: Stores) -> None:
    await stores.commit(*(AddClient(client(client_id)) for client_id in IDS))
    assert [len(chunk) async for chunk in stores.clients(len(IDS))] == [len(IDS)]
    assert [len(chunk) async for chunk in stores.legacy_clients(7, len(IDS))] == [len(IDS)]


async def test_without_clients_there_is_no_chunk(stores: Stores) -> None:
    assert [chunk async for chunk in stores.clients()] == []
    assert [chunk async for chunk in stores.legacy_clients(7)] == []


async def test_renderings_come_as_stored_and_stale_ones_as_records(stores: Stores) -> None:
    stale = client("b", legacy_version=6)
    await stores.commit(AddClient(client("a")), AddClient(stale), AddClient(client("c")))
    found = [item async for chunk in stores.legacy_clients(7, 2) for item in chunk]
    assert found == [client("a").legacy, stale, client("c").legacy]


async def test_when_clients_and_credentials_were_used_never_moves_back(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")), AddClient(client("bank")))
    await stores.last_used([("shop", NOW), ("gone", NOW)])
    await stores.last_used([("shop", NOW - 1)])
    await stores.credentials_used([("shop", "secret:a", NOW), ("gone", "secret:a", NOW), ("no\0ne", "x", NOW)])
    await stores.credentials_used([("shop", "secret:a", NOW - 1), ("shop", "key:b", NOW + 1)])
    found = [pair async for chunk in stores.clients_with_use(1) for pair in chunk]
    assert found == [(client("bank"), None), (client("shop"), NOW)]
    assert [await stores.client_last_used(one) for one in ("shop", "bank", "gone", "no\0ne")] == [NOW, None, None, None]
    assert list(await stores.credential_uses("shop")) == [("key:b", NOW + 1), ("secret:a", NOW)]
    assert list(await stores.credential_uses("gone")) == list(await stores.credential_uses("no\0ne")) == []
    await stores.commit(RemoveClient("shop"))
    await stores.commit(AddClient(client("shop")))
    assert list(await stores.credential_uses("shop")) == []
    assert await stores.client_last_used("shop") is None


async def test_a_client_removed_while_others_are_read_is_simply_not_there(stores: Stores) -> None:
    await stores.commit(*(AddClient(client(client_id)) for client_id in ("a", "b", "c", "d")))
    seen: list[str] = []
    async for chunk in stores.clients(2):
        seen.extend(record.client_id for record in chunk if isinstance(record, ClientRecord))
        if len(seen) == 2:
            await stores.commit(RemoveClient("b"))
            await stores.commit(AddClient(client("bb")))
    assert "a" in seen
    assert "d" in seen
    assert len(seen) == len(set(seen))
