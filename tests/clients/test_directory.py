"""Clients by id, from a cache that obeys changes."""

import asyncio

import pytest

from ostiary.clients.directory import ClientDirectory
from ostiary.declare.reading import Draft
from ostiary.ports.records import ClientRecord
from ostiary.storage.memory import MemoryStores
from tests.clients.samples import CONFIDENTIAL, changed, registry

pytestmark = pytest.mark.anyio


class CountingStores(MemoryStores):
    """Counts reads of clients, and can be made to wait in one."""

    reads = 0
    gate: asyncio.Event | None = None

    async def client(self, client_id: str) -> ClientRecord | None:
        self.reads += 1
        found = await super().client(client_id)
        if self.gate is not None:
            await self.gate.wait()
        return found


async def filled(*client_ids: str) -> CountingStores:
    stores = CountingStores()
    drafts = [Draft(changed(CONFIDENTIAL, identity__client_id=one), (), (), frozenset()) for one in client_ids]
    await registry(stores).create_many(drafts, "admin")
    stores.reads = 0
    return stores


async def test_a_client_is_read_once() -> None:
    stores = await filled("a")
    directory = ClientDirectory(stores)
    assert directory.peek("a") is None
    first = await directory.get("a")
    assert first is not None
    assert first.client_id == "a"
    assert await directory.get("a") is first
    assert directory.peek("a") is first
    assert stores.reads == 1


async def test_an_unknown_client_takes_no_room() -> None:
    directory = ClientDirectory(await filled())
    assert await directory.get("nobody") is None
    assert len(directory) == 0


async def test_a_dropped_client_is_read_again() -> None:
    stores = await filled("a", "b")
    directory = ClientDirectory(stores)
    await directory.get("a")
    await directory.get("b")
    directory.drop("a")
    assert directory.peek("a") is None
    assert directory.peek("b") is not None
    directory.drop_all()
    assert len(directory) == 0
    await directory.get("a")
    assert stores.reads == 3


async def test_the_client_used_longest_ago_makes_room() -> None:
    directory = ClientDirectory(await filled("a", "b", "c"), capacity=2)
    await directory.get("a")
    await directory.get("b")
    directory.peek("a")
    await directory.get("c")
    assert directory.peek("b") is None
    assert directory.peek("a") is not None
    assert len(directory) == 2


@pytest.mark.parametrize("drop_all", [False, True])
async def test_a_read_that_was_overtaken_by_a_change_does_not_bring_the_old_client_back(drop_all: bool) -> None:
    stores = await filled("a")
    directory = ClientDirectory(stores)
    stores.gate = asyncio.Event()
    reading = asyncio.create_task(directory.get("a"))
    await asyncio.sleep(0)
    if drop_all:
        directory.drop_all()
    else:
        directory.drop("a")
    stores.gate.set()
    assert await reading is not None
    assert directory.peek("a") is None
