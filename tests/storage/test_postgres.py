"""What only a database behind a line can get wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccessToken,
    AddClient,
    AddCode,
    AddGrant,
    AddRefreshToken,
    Conflict,
    RemoveClient,
    RemoveCode,
    RevokeGrant,
    SaveClient,
    UseCode,
)
from ostiary.ports.stores import Stores, StoreUnavailable
from ostiary.storage import open_stores
from ostiary.storage.sql.postgres import Patience, PostgresStores
from tests.databases import wipe
from tests.storage_contract.samples import NOW, access_token, client, code, grant, key, refresh_token

pytestmark = pytest.mark.anyio

SHORT = Patience(connect_seconds=0.3, answer_seconds=0.3, rest_seconds=0.01)
END = 10
"""Seconds after which something that must end has not."""


@pytest.fixture
def url(postgresql_url: str) -> str:
    """An empty, migrated database."""
    wipe(postgresql_url)
    return postgresql_url


@pytest.fixture
async def stores(url: str, anyio_backend: str) -> AsyncIterator[PostgresStores]:
    """Stores with little patience."""
    opened = PostgresStores(url, patience=SHORT)
    yield opened
    await opened.close()


@asynccontextmanager
async def beside(url: str) -> AsyncIterator[Any]:
    """A connection that is not of the stores."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def cut_all_lines(connection: Any) -> None:
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def test_a_look_up_survives_the_loss_of_its_line(url: str, stores: PostgresStores) -> None:
    await stores.commit(AddClient(client()))
    async with beside(url) as other:
        for _ in range(3):
            assert await stores.client("shop") == client()
            await cut_all_lines(other)


async def test_writing_works_again_after_the_loss_of_its_line(url: str, stores: PostgresStores) -> None:
    await stores.commit(AddClient(client("a")))
    async with beside(url) as other:
        await cut_all_lines(other)
    with_patience = asyncio.timeout(END)
    async with with_patience:
        while True:
            try:
                await stores.commit(AddClient(client("b")))
            except StoreUnavailable:
                continue
            break
    assert await stores.count_clients() == 2


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    stores = PostgresStores(f"postgresql://postgres@/x?host={tmp_path}", patience=SHORT)
    async with asyncio.timeout(END):
        for attempt in (stores.ping(), stores.client("a"), stores.commit(AddClient(client())), stores.generation()):
            with pytest.raises(StoreUnavailable):
                await attempt
        many = (stores.commit(AddAccessToken(access_token(f"a{n}"))) for n in range(1500))
        refused = await asyncio.gather(*many, return_exceptions=True)
        await stores.close()
    assert all(isinstance(error, StoreUnavailable) for error in refused)


async def test_a_server_that_never_answers_is_unavailable() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stores = PostgresStores(f"postgresql://postgres@127.0.0.1:{port}/x?sslmode=disable", patience=SHORT)
    async with asyncio.timeout(END):
        for attempt in (stores.ping(), stores.commit(AddClient(client()))):
            with pytest.raises(StoreUnavailable):
                await attempt
        await stores.close()
    server.close()
    await server.wait_closed()


async def test_who_waits_too_long_for_a_lock_is_refused_and_the_next_one_is_not(
    url: str, stores: PostgresStores
) -> None:
    await stores.commit(AddClient(client("locked")), AddClient(client("free")))
    async with beside(url) as other, other.transaction():
        await other.execute("SELECT 1 FROM clients WHERE client_id = 'locked' FOR UPDATE")
        async with asyncio.timeout(END):
            outcomes = await asyncio.gather(
                stores.commit(SaveClient(client("locked", 2), expected=1)),
                stores.commit(AddAccessToken(access_token("a"))),
                return_exceptions=True,
            )
    assert isinstance(outcomes[0], StoreUnavailable)
    await stores.commit(SaveClient(client("locked", 2), expected=1), AddAccessToken(access_token("a")))
    assert await stores.access_token(key("a")) is not None


async def test_a_look_up_the_server_is_too_slow_for_is_refused(url: str, stores: PostgresStores) -> None:
    async with beside(url) as other, other.transaction():
        await other.execute("LOCK TABLE clients IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(END):
            looks = (stores.client("a") for _ in range(12))
            outcomes = await asyncio.gather(*looks, return_exceptions=True)
    assert all(isinstance(error, StoreUnavailable) for error in outcomes)
    assert await stores.client("a") is None


async def test_a_unit_that_cannot_be_written_spoils_only_itself(stores: PostgresStores) -> None:
    tokens = [access_token(f"a{n}") for n in range(10)]
    tokens[4] = replace(tokens[4], expires_at=2**70)
    outcomes = await asyncio.gather(*(stores.commit(AddAccessToken(token)) for token in tokens), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, StoreUnavailable)] == [4]
    there = [n for n, token in enumerate(tokens) if await stores.access_token(token.key) is not None]
    assert there == [0, 1, 2, 3, 5, 6, 7, 8, 9]


async def test_units_that_run_statement_by_statement_stay_units(stores: PostgresStores) -> None:
    await stores.commit(*(AddCode(code(f"c{n}")) for n in range(10)))
    await stores.commit(UseCode(key("c7"), NOW))
    tokens = [access_token(f"a{n}") for n in range(10)]
    tokens[4] = replace(tokens[4], expires_at=2**70)
    units = [(UseCode(key(f"c{n}"), NOW), AddGrant(grant(f"g{n}")), AddAccessToken(tokens[n])) for n in range(10)]
    outcomes = await asyncio.gather(*(stores.commit(*unit) for unit in units), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if outcome is not None] == [4, 7]
    assert isinstance(outcomes[4], StoreUnavailable)
    assert isinstance(outcomes[7], Conflict)
    assert await stores.code(key("c4")) == code("c4")
    for n in range(10):
        there = (await stores.grant(f"g{n}"), await stores.access_token(key(f"a{n}")))
        assert [record is not None for record in there] == [n not in {4, 7}] * 2


async def test_two_nodes_lock_rows_in_one_order_whatever_the_order_of_requests(url: str) -> None:
    """Otherwise who replays two codes at two nodes would have the database find deadlocks."""
    nodes = [await open_stores(url) for _ in range(2)]
    orders = [range(40), range(39, -1, -1)]

    async def redeem(node: Stores, name: str) -> None:
        try:
            await node.commit(
                UseCode(key(name), NOW), AddGrant(grant(name)), AddRefreshToken(refresh_token(name, name))
            )
        except Conflict:
            await node.commit(RemoveCode(key(name)), RevokeGrant(name, NOW))

    for round_ in range(3):
        await nodes[0].commit(*(AddCode(code(f"c{round_}-{n}")) for n in range(40)))
        await asyncio.gather(
            *(redeem(node, f"c{round_}-{n}") for node, order in zip(nodes, orders, strict=True) for n in order)
        )
    async with beside(url) as other:
        database = "datname = current_database()"
        assert await other.fetchval(f"SELECT deadlocks FROM pg_stat_database WHERE {database}") == 0
    for node in nodes:
        await node.close()


async def test_a_group_that_was_broken_off_for_a_deadlock_is_run_again(url: str) -> None:
    stores = await open_stores(url)
    names = [f"c{n}" for n in range(9)]
    await stores.commit(*(AddCode(code(name)) for name in names))
    async with beside(url) as rival, asyncio.timeout(END):
        await rival.execute("SET deadlock_timeout = '60s'")  # it is not the rival who gives in
        async with rival.transaction():
            await rival.execute("SELECT 1 FROM codes WHERE key = $1 FOR UPDATE", key(names[-1]))
            redeeming = asyncio.gather(*(stores.commit(UseCode(key(name), NOW)) for name in names))
            await until_somebody_waits(url)
            await rival.execute("SELECT 1 FROM codes WHERE key = $1 FOR UPDATE", key(names[0]))
        await redeeming
    for name in names:
        assert await stores.code(key(name)) == replace(code(name), redeemed_at=NOW)
    await stores.close()


async def until_somebody_waits(url: str) -> None:
    async with beside(url) as other:
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass


async def test_a_read_that_is_given_up_leaves_the_next_one_unharmed(url: str, stores: PostgresStores) -> None:
    await stores.commit(AddClient(client("a")), AddClient(client("b")))
    for _ in range(10):
        task = asyncio.create_task(stores.client("a"))
        await asyncio.sleep(0)
        task.cancel()
        assert await stores.client("b") == client("b")


async def test_another_node_hears_of_every_change_of_configuration(url: str) -> None:
    heard = asyncio.Event()
    listening = await open_stores(url, on_change=heard.set)
    stores = await open_stores(url)
    async with asyncio.timeout(END):
        await heard.wait()  # once when the line stands
        for change in (AddClient(client()), SaveClient(client(version=2), expected=1), RemoveClient("shop")):
            heard.clear()
            await stores.commit(change)
            await heard.wait()
    await listening.close()
    await stores.close()


async def test_a_line_that_was_cut_tells_when_it_stands_again(url: str) -> None:
    heard = asyncio.Event()
    stores = PostgresStores(url, on_change=heard.set, patience=SHORT)
    async with beside(url) as other, asyncio.timeout(END):
        await heard.wait()
        heard.clear()
        await cut_all_lines(other)
        await heard.wait()
    await stores.close()


async def test_nobody_hears_of_a_change_that_was_refused(url: str) -> None:
    heard: list[None] = []
    stood = asyncio.Event()

    def hear() -> None:
        heard.append(None)
        stood.set()

    listening = await open_stores(url, on_change=hear)
    stores = await open_stores(url)
    await stood.wait()
    with pytest.raises(Conflict):
        await stores.commit(AddClient(client("a")), RemoveClient("none"))
    await stores.commit(AddAccessToken(access_token()))
    async with asyncio.timeout(END):
        stood.clear()
        await stores.commit(AddClient(client("b")))
        await stood.wait()
    assert len(heard) == 2
    await listening.close()
    await stores.close()


async def test_answers_are_on_the_disk_even_where_the_server_would_not_insist(url: str) -> None:
    async with beside(url) as other:
        database = await other.fetchval("SELECT current_database()")
        await other.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = off')
        stores = PostgresStores(url)
        await stores.commit(AddClient(client()))
        writer = stores._writer._connection
        assert await writer.fetchval("SHOW synchronous_commit") == "on"
        await stores.close()
        await other.execute(f'ALTER DATABASE "{database}" RESET synchronous_commit')
