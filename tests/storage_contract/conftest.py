"""The same stores three times: in memory, on SQLite, on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from ostiary.ports.stores import Stores
from ostiary.storage import open_stores
from ostiary.storage.memory import MemoryStores
from tests.databases import wipe

KINDS = ("memory", "sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str | None:
    """An empty, migrated database; None for the stores in memory."""
    if request.param == "memory":
        return None
    url: str = request.getfixturevalue(f"{request.param}_url")
    wipe(url)
    return url


@pytest.fixture
async def stores(database_url: str | None, anyio_backend: str) -> AsyncIterator[Stores]:
    """Every adapter keeps the same promises."""
    opened: Stores = MemoryStores() if database_url is None else await open_stores(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def second_node(database_url: str | None, stores: Stores, anyio_backend: str) -> AsyncIterator[Stores]:
    """Another server on the same database. Memory has only the one."""
    if database_url is None:
        yield stores
        return
    opened = await open_stores(database_url)
    yield opened
    await opened.close()
