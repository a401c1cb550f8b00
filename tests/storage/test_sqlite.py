"""What only SQLite can get wrong."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ostiary.ports.changes import AddAccessToken, AddClient
from ostiary.ports.stores import StoreUnavailable
from ostiary.storage import open_stores
from ostiary.storage.sql.sqlite import SqliteStores, connect
from tests.databases import query, sqlite_url
from tests.storage_contract.samples import NOW, access_token, client, key

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    """A migrated file."""
    copy = tmp_path / "data & more?" / "osti#ary.db"
    copy.parent.mkdir()
    shutil.copy(sqlite_template, copy)
    return copy


@pytest.fixture
async def stores(path: Path, anyio_backend: str) -> AsyncIterator[SqliteStores]:
    """Stores that wait only a moment for other writers."""
    opened = SqliteStores(path, write_wait_seconds=0.1)
    yield opened
    await opened.close()


def test_every_commit_is_on_the_disk_before_it_returns(path: Path) -> None:
    with closing(connect(path, 1)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    stores = await open_stores(sqlite_url(tmp_path / "ostiary.db"))
    with pytest.raises(StoreUnavailable):
        await stores.ping()
    with pytest.raises(StoreUnavailable):
        await stores.commit(AddClient(client()))
    with pytest.raises(StoreUnavailable):
        await stores.checkpoint()
    await stores.close()
    assert files_in(tmp_path) == []


async def test_a_writer_that_waits_too_long_for_another_process_is_refused(path: Path, stores: SqliteStores) -> None:
    await stores.commit(AddClient(client("before")))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = await asyncio.gather(
            *(stores.commit(AddAccessToken(access_token(f"a{n}"))) for n in range(5)), return_exceptions=True
        )
        assert await stores.client("before") == client("before")
        other.execute("ROLLBACK")
    assert all(isinstance(error, StoreUnavailable) for error in refused)
    await stores.commit(AddAccessToken(access_token("after")))
    assert await stores.access_token(key("after")) is not None


async def test_a_unit_that_cannot_be_written_spoils_only_itself(stores: SqliteStores) -> None:
    tokens = [access_token(f"a{n}") for n in range(10)]
    tokens[4] = replace(tokens[4], expires_at=2**70)
    outcomes = await asyncio.gather(*(stores.commit(AddAccessToken(token)) for token in tokens), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, StoreUnavailable)] == [4]
    there = [n for n, token in enumerate(tokens) if await stores.access_token(token.key) is not None]
    assert there == [0, 1, 2, 3, 5, 6, 7, 8, 9]


async def test_no_read_keeps_the_log_from_being_emptied(path: Path, stores: SqliteStores) -> None:
    for n in range(20):
        await stores.commit(AddClient(client(f"c{n:02}")))
    await stores.client("c03")
    await stores.access_token(key("none"))
    async for _ in stores.clients(3):
        break
    assert size_of_log(path) > 0
    await stores.checkpoint()
    assert size_of_log(path) == 0
    assert await stores.count_clients() == 20


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def size_of_log(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


async def test_a_reader_of_another_process_does_not_stop_the_writer(path: Path, stores: SqliteStores) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM clients").fetchall()
        await stores.commit(AddClient(client("during")))
        await stores.checkpoint()
        assert await stores.client("during") is not None
        other.execute("ROLLBACK")


async def test_units_that_queue_during_a_flush_share_the_next_one(path: Path, stores: SqliteStores) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as observer:
        before = observer.execute("PRAGMA data_version").fetchone()[0]
        await asyncio.gather(*(stores.commit(AddAccessToken(access_token(f"a{n}"))) for n in range(100)))
        assert observer.execute("PRAGMA data_version").fetchone()[0] == before + 1


async def test_more_units_than_one_flush_takes_are_all_written(stores: SqliteStores) -> None:
    await asyncio.gather(*(stores.commit(AddAccessToken(access_token(f"a{n}"))) for n in range(1300)))
    assert [n for n in range(1300) if await stores.access_token(key(f"a{n}")) is None] == []


async def test_closing_waits_for_what_is_queued(path: Path, stores: SqliteStores) -> None:
    tasks = [asyncio.create_task(stores.commit(AddAccessToken(access_token(f"a{n}")))) for n in range(50)]
    await asyncio.sleep(0)
    await stores.close()
    await asyncio.gather(*tasks)
    assert query(sqlite_url(path), "SELECT count(*) FROM access_tokens") == [(50,)]


async def test_after_a_change_of_configuration_who_asked_to_is_told_before_the_answer(path: Path) -> None:
    told: list[str] = []

    async def moved() -> None:
        told.append("moved")

    stores = await open_stores(sqlite_url(path), on_moved=moved)
    await stores.commit(AddAccessToken(access_token()))
    assert told == []
    await stores.commit(AddClient(client()))
    assert told == ["moved"]
    await stores.close()


async def test_when_a_client_was_last_used_never_moves_back(path: Path, stores: SqliteStores) -> None:
    await stores.commit(AddClient(client("shop")), AddClient(client("bank")))
    await stores.last_used([("shop", NOW), ("bank", NOW), ("gone", NOW)])
    await stores.last_used([("shop", NOW - 1), ("bank", NOW + 1)])
    uses = query(sqlite_url(path), "SELECT client_id, last_used_at FROM client_uses ORDER BY client_id")
    assert uses == [("bank", NOW + 1), ("shop", NOW)]
