"""Versions of applications."""

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import AddAppVersion, AddClient, Conflict, RemoveAppVersion, SaveAppVersion
from ostiary.ports.stores import Stores
from tests.storage_contract.samples import app_version, client

pytestmark = pytest.mark.anyio


async def test_an_app_version_is_added_once(stores: Stores) -> None:
    await stores.commit(AddAppVersion(app_version("a")))
    with pytest.raises(Conflict):
        await stores.commit(AddAppVersion(app_version("a", version=9)))
    assert await stores.app_version("a") == app_version("a")
    assert await stores.app_version("A") is None


async def test_an_app_version_is_saved_over_the_version_that_was_read_and_keeps_its_date(stores: Stores) -> None:
    await stores.commit(AddAppVersion(app_version("a")))
    after = app_version("a", version=2, client_id="shop")
    await stores.commit(SaveAppVersion(replace(after, created_at=1), expected=1))
    with pytest.raises(Conflict):
        await stores.commit(SaveAppVersion(after, expected=1))
    with pytest.raises(Conflict):
        await stores.commit(SaveAppVersion(app_version("b"), expected=1))
    assert await stores.app_version("a") == after


async def test_an_app_version_is_removed_at_the_version_that_was_read(stores: Stores) -> None:
    await stores.commit(AddAppVersion(app_version("a", version=2)))
    with pytest.raises(Conflict):
        await stores.commit(RemoveAppVersion("a", expected=1))
    await stores.commit(RemoveAppVersion("a", expected=2))
    with pytest.raises(Conflict):
        await stores.commit(RemoveAppVersion("a", expected=2))
    assert await stores.app_version("a") is None


async def test_a_client_and_its_link_come_together_or_not_at_all(stores: Stores) -> None:
    await stores.commit(AddAppVersion(app_version("a")))
    with pytest.raises(Conflict):
        await stores.commit(SaveAppVersion(app_version("a", version=3), expected=2), AddClient(client("shop")))
    assert await stores.client("shop") is None


async def test_app_versions_are_read_page_by_page_in_the_order_of_ids(stores: Stores) -> None:
    await stores.commit(*(AddAppVersion(app_version(name)) for name in ("b", "a", "ä", "B")))
    first = await stores.app_versions(most=3)
    assert [one.id for one in first] == ["B", "a", "b"]
    assert [one.id for one in await stores.app_versions(after="b")] == ["ä"]
    assert await stores.app_versions(after="ä") == []


@pytest.mark.parametrize("strange", ["nul\0", "half \ud800"])
async def test_what_no_database_can_hold_is_nowhere(stores: Stores, strange: str) -> None:
    assert await stores.app_version(strange) is None
    with pytest.raises(Conflict):
        await stores.commit(AddAppVersion(app_version(strange)))
