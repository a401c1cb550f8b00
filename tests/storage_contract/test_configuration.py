"""Configuration objects and signing keys, and the numbers by which caches learn of changes."""

from collections.abc import Awaitable
from typing import Any

import pytest

from ostiary.ports.changes import (
    AddClient,
    Conflict,
    RemoveClient,
    RemoveObject,
    RemoveSigningKey,
    SaveClient,
    SaveObject,
    SaveSigningKey,
)
from ostiary.ports.records import ChangeNotice
from ostiary.ports.stores import Stores
from ostiary.storage.notices import KEPT_NOTICES
from tests.storage_contract.samples import NOW, client, configuration_object, signing_key

pytestmark = pytest.mark.anyio


async def refused(commit: Awaitable[Any]) -> bool:
    try:
        await commit
    except Conflict:
        return True
    return False


async def test_an_object_is_added_saved_and_removed(stores: Stores) -> None:
    await stores.commit(SaveObject(configuration_object(version=1), expected=None))
    await stores.commit(SaveObject(configuration_object(version=2), expected=1))
    assert await stores.objects() == [configuration_object(version=2)]
    await stores.commit(RemoveObject("manager", "reference"))
    assert await stores.objects() == []


async def test_an_object_is_saved_only_over_the_version_that_was_read(stores: Stores) -> None:
    assert await refused(stores.commit(SaveObject(configuration_object(version=2), expected=1)))
    await stores.commit(SaveObject(configuration_object(version=1), expected=None))
    assert await refused(stores.commit(SaveObject(configuration_object(version=9), expected=None)))
    assert await refused(stores.commit(SaveObject(configuration_object(version=9), expected=2)))
    assert await refused(stores.commit(RemoveObject("manager", "other")))
    assert await stores.objects() == [configuration_object(version=1)]


async def test_whatever_is_stored_can_be_replaced(stores: Stores) -> None:
    await stores.commit(SaveObject(configuration_object(version=1), expected=-1))
    await stores.commit(SaveObject(configuration_object(version=5), expected=-1))
    assert await stores.objects() == [configuration_object(version=5)]


async def test_objects_come_ordered_by_kind_and_id(stores: Stores) -> None:
    for kind, object_id in (("validator", "a"), ("manager", "b"), ("Manager", "z"), ("manager", "B")):
        await stores.commit(SaveObject(configuration_object(kind, object_id), expected=None))
    assert [(record.kind, record.id) for record in await stores.objects()] == [
        ("Manager", "z"),
        ("manager", "B"),
        ("manager", "b"),
        ("validator", "a"),
    ]


async def test_a_signing_key_is_added_replaced_and_removed(stores: Stores) -> None:
    await stores.commit(SaveSigningKey(signing_key("k2", created_at=NOW + 5)), SaveSigningKey(signing_key("k1")))
    await stores.commit(SaveSigningKey(signing_key("k1", "active")))
    assert await stores.signing_keys() == [signing_key("k1", "active"), signing_key("k2", created_at=NOW + 5)]
    await stores.commit(RemoveSigningKey("k1"), RemoveSigningKey("never there"))
    assert await stores.signing_keys() == [signing_key("k2", created_at=NOW + 5)]


async def test_every_change_of_configuration_has_its_number(stores: Stores) -> None:
    assert await stores.generation() == 0
    assert await stores.changes_since(0) == []
    await stores.commit(AddClient(client("shop")), SaveSigningKey(signing_key("k1")))
    await stores.commit(SaveClient(client("shop", 2), expected=1))
    await stores.commit(SaveObject(configuration_object(), expected=None))
    await stores.commit(RemoveObject("manager", "reference"), RemoveClient("shop"))
    await stores.commit(RemoveSigningKey("k1"))
    expected = [
        ("client", "shop"),
        ("signing-keys", "k1"),
        ("client", "shop"),
        ("manager", "reference"),
        ("manager", "reference"),
        ("client", "shop"),
        ("signing-keys", "k1"),
    ]
    notices = [ChangeNotice(generation=n, kind=kind, id=id_) for n, (kind, id_) in enumerate(expected, start=1)]
    assert await stores.generation() == 7
    assert await stores.changes_since(0) == notices
    assert await stores.changes_since(4) == notices[4:]
    assert await stores.changes_since(4, limit=2) == notices[4:6]
    assert await stores.changes_since(7) == []
    assert await stores.changes_since(99) == []


async def test_old_notices_go_and_leave_a_gap_that_is_seen(stores: Stores) -> None:
    await stores.commit(*(RemoveSigningKey(f"k{n}") for n in range(KEPT_NOTICES + 5)))
    assert await stores.generation() == KEPT_NOTICES + 5
    first, second = await stores.changes_since(0, limit=2)
    assert (first.generation, first.id) == (6, "k5")
    assert (second.generation, second.id) == (7, "k6")
    assert len(await stores.changes_since(0, limit=2 * KEPT_NOTICES)) == KEPT_NOTICES


async def test_a_refused_unit_leaves_no_number_behind(stores: Stores) -> None:
    assert await refused(stores.commit(AddClient(client("shop")), RemoveClient("other")))
    assert await stores.generation() == 0
    assert await stores.changes_since(0) == []


async def test_a_node_sees_what_another_one_was_answered_for(stores: Stores, second_node: Stores) -> None:
    for version in range(2, 12):
        before = await second_node.generation()
        if version == 2:
            await stores.commit(AddClient(client("shop")))
        else:
            await stores.commit(SaveClient(client("shop", version - 1), expected=version - 2))
        assert [notice.id for notice in await second_node.changes_since(before)] == ["shop"]
        assert await second_node.client("shop") == client("shop", version - 1)


async def test_what_is_removed_at_a_version_stays_when_it_is_at_another(stores: Stores) -> None:
    await stores.commit(AddClient(client("shop")), SaveObject(configuration_object(version=1), None))
    assert await refused(stores.commit(RemoveClient("shop", 2)))
    assert await refused(stores.commit(RemoveObject("manager", "reference", 2)))
    assert await stores.client("shop") is not None
    await stores.commit(RemoveClient("shop", 1), RemoveObject("manager", "reference", 1))
    assert await stores.client("shop") is None
    assert await stores.objects() == []
