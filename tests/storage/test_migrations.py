"""Setting up, bringing up to date, and refusing: what a database is before a server works with it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from ostiary import storage
from ostiary.ports.changes import AddClient
from ostiary.ports.stores import StoreUnavailable
from ostiary.storage import SCHEMA_NUMBER, MigrationError, SchemaState, addresses, open_stores, schema
from ostiary.storage.inspection import Found
from ostiary.storage.migrations import MIGRATIONS
from ostiary.storage.sql import postgres as on_postgresql
from ostiary.storage.sql import sqlite as on_sqlite
from ostiary.storage.upgrade import statements_from
from tests.databases import Cluster, query, sqlite_url, wipe
from tests.storage_contract.samples import client

_NUMBERS = count(1)
DIALECTS: dict[str, Dialect] = {name: registry.load(name)() for name in ("sqlite", "postgresql")}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "new" / "ostiary.db")
        return
    cluster: Cluster = request.getfixturevalue("postgresql_cluster")
    name = f"empty_{next(_NUMBERS)}"
    yield cluster.create(name)
    cluster.drop(name)


def state(url: str) -> SchemaState:
    return asyncio.run(storage.inspect(url))


def run_instead(url: str, statements: list[str]) -> None:
    """What `migrate` does, with other statements."""

    def given(found: Found, dialect: str) -> list[str]:
        return statements

    path = addresses.sqlite_path(url)
    if path is not None:
        on_sqlite.run_migrations(path, given)
    else:
        asyncio.run(on_postgresql.run_migrations(url, given))


def schema_of(url: str) -> dict[str, set[tuple[object, ...]]]:
    """Tables, columns, keys and indexes, as the database tells them."""
    if url.startswith("sqlite"):
        tables = [name for (name,) in query(url, "SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {(t, *column[1:]) for t in tables for column in query(url, f"PRAGMA table_info({t})")}
        return {"columns": columns, "indexes": set(query(url, "SELECT name, tbl_name, sql FROM sqlite_master"))}
    described = query(
        url,
        "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name"
        " FROM information_schema.columns WHERE table_schema = 'public'",
    )
    indexes = query(url, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return {"columns": set(described), "indexes": set(indexes)}


def test_the_number_of_the_schema_is_the_number_of_migrations() -> None:
    assert len(MIGRATIONS) == SCHEMA_NUMBER


def test_an_empty_database_becomes_a_current_one(empty: str) -> None:
    assert state(empty) is SchemaState.EMPTY
    assert storage.migrate(empty) is SchemaState.EMPTY
    assert state(empty) is SchemaState.CURRENT
    assert query(empty, "SELECT id, schema_number, key_file FROM installation") == [(1, SCHEMA_NUMBER, "")]
    assert query(empty, "SELECT id, value FROM generation") == [(1, 0)]


def test_a_current_database_stays_as_it_is(empty: str) -> None:
    storage.migrate(empty)
    query(empty, "UPDATE installation SET key_file = 'mine'")
    assert storage.migrate(empty) is SchemaState.CURRENT
    assert query(empty, "SELECT key_file FROM installation") == [("mine",)]


def test_of_several_that_set_up_at_once_one_does_it_and_all_find_it_done(empty: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        before = list(pool.map(storage.migrate, [empty] * 6))
    assert sorted(before, key=lambda found: found.value) == [SchemaState.CURRENT] * 5 + [SchemaState.EMPTY]
    assert state(empty) is SchemaState.CURRENT


def test_a_broken_attempt_leaves_nothing_behind(empty: str) -> None:
    with pytest.raises(StoreUnavailable):
        run_instead(empty, ["CREATE TABLE installation (id BIGINT)", "CREATE TABLE half (id BIGINT)", "NO SQL"])
    assert state(empty) is SchemaState.EMPTY
    assert storage.migrate(empty) is SchemaState.EMPTY


def test_an_older_schema_is_told_and_does_not_answer(empty: str) -> None:
    storage.migrate(empty)
    query(empty, f"UPDATE installation SET schema_number = {SCHEMA_NUMBER - 1}")
    assert state(empty) is SchemaState.OLDER
    assert not answers(empty)


def test_a_newer_schema_is_told_not_touched_and_does_not_answer(empty: str) -> None:
    storage.migrate(empty)
    query(empty, f"UPDATE installation SET schema_number = {SCHEMA_NUMBER + 1}")
    assert state(empty) is SchemaState.NEWER
    with pytest.raises(MigrationError, match="later version"):
        storage.migrate(empty)
    assert query(empty, "SELECT schema_number FROM installation") == [(SCHEMA_NUMBER + 1,)]
    assert not answers(empty)


def answers(url: str) -> bool:
    async def ping() -> bool:
        stores = await open_stores(url)
        try:
            await stores.ping()
        except StoreUnavailable:
            return False
        finally:
            await stores.close()
        return True

    return asyncio.run(ping())


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/none/ostiary.db", "postgresql://postgres@/x?host=/nowhere", "postgresql://h:0/x"]
)
def test_a_database_that_cannot_be_reached_cannot_be_set_up(url: str) -> None:
    with pytest.raises(MigrationError, match="cannot be set up"):
        storage.migrate(url)


@pytest.mark.parametrize("url", ["postgresql://postgres@/x?host=/nowhere", "postgresql://postgres@localhost:1/x"])
def test_a_server_that_does_not_answer_is_unreachable(url: str) -> None:
    assert state(url) is SchemaState.UNREACHABLE


def test_a_file_that_is_no_database_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is not a database, whatever its address says " * 100)
    assert state(sqlite_url(tmp_path / "notes.txt")) is SchemaState.UNREACHABLE


def test_looking_at_a_file_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    assert state(sqlite_url(tmp_path / "ostiary.db")) is SchemaState.EMPTY
    assert not (tmp_path / "ostiary.db").exists()


@pytest.mark.parametrize("url", ["", "mysql://x", "sqlite:///", "sqlite://relative", "postgres"])
def test_an_address_of_another_kind_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match="database") as refused:
        asyncio.run(storage.inspect(url))
    assert "relative" not in str(refused.value)
    assert "mysql" not in str(refused.value)


def test_the_migrated_database_is_what_the_schema_declares(empty: str, tmp_path: Path) -> None:
    storage.migrate(empty)
    migrated = schema_of(empty)
    declared: list[DDLElement] = [CreateTable(table) for table in schema.metadata.sorted_tables]
    declared += [CreateIndex(index) for table in schema.metadata.sorted_tables for index in table.indexes]
    if empty.startswith("sqlite"):
        other = sqlite_url(tmp_path / "declared.db")
        statements = [str(item.compile(dialect=DIALECTS["sqlite"])) for item in declared]
        run_instead(other, [*statements, *schema.BESIDE["sqlite"]])
        assert normal(schema_of(other)) == normal(migrated)
        return
    for (table,) in query(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        query(empty, f"DROP TABLE {table}")
    statements = [str(item.compile(dialect=DIALECTS["postgresql"])) for item in declared]
    run_instead(empty, [*statements, *schema.BESIDE["postgresql"]])
    assert schema_of(empty) == migrated


def normal(found: dict[str, set[tuple[object, ...]]]) -> dict[str, set[tuple[str, ...]]]:
    """Without the white space in which two renderings of one table differ."""
    return {kind: {tuple("".join(str(part).split()) for part in row) for row in rows} for kind, rows in found.items()}


def test_wiping_returns_to_what_migrations_make(empty: str) -> None:
    storage.migrate(empty)
    tables = {str(table) for table, *_ in schema_of(empty)["columns"]}
    tables = {table for table in tables if not table.startswith("client_trigrams")}
    query(empty, "UPDATE generation SET value = 9")
    query(empty, "INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1)")
    wipe(empty)
    filled = {table for table in tables if query(empty, f"SELECT 1 FROM {table}")}
    assert filled == {"generation", "installation"}


def test_without_the_right_to_create_an_extension_searches_work_and_the_operator_is_told(
    postgresql_cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"limited_{next(_NUMBERS)}"
    url = postgresql_cluster.create(name)
    try:
        query(url, "CREATE ROLE limited LOGIN")
        query(url, "GRANT ALL ON SCHEMA public TO limited")
        limited = url.replace("postgres@", "limited@")
        assert storage.migrate(limited) is SchemaState.EMPTY
        (warning,) = [record.getMessage() for record in caplog.records if "pg_trgm" in record.getMessage()]
        assert "CREATE EXTENSION pg_trgm" in warning
        assert query(url, "SELECT indexname FROM pg_indexes WHERE indexname = 'client_search_trigrams'") == []
        assert asyncio.run(found(limited, "needle")) == ["a needle"]
    finally:
        postgresql_cluster.drop(name)
        postgresql_cluster.execute("DROP ROLE IF EXISTS limited")


async def found(url: str, text: str) -> list[str]:
    stores = await open_stores(url)
    try:
        await stores.commit(AddClient(client("a needle")), AddClient(client("hay")))
        return [record.client_id for record in await stores.client_page(containing=text)]
    finally:
        await stores.close()


def test_clients_of_an_older_schema_are_found_after_the_update(empty: str) -> None:
    run_instead(empty, first_schema(empty))
    query(empty, "INSERT INTO clients VALUES ('Shop', 1, 'Apples', 1, 0, 0, '{}', '{}', 0)")
    assert state(empty) is SchemaState.OLDER
    assert storage.migrate(empty) is SchemaState.OLDER
    assert query(empty, "SELECT client_id, folded FROM client_search") == [("Shop", "shop\napples")]


def first_schema(url: str) -> list[str]:
    """The statements of the first migration alone."""
    dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
    whole = statements_from(Found(schema_number=None), dialect)
    later = statements_from(Found(schema_number=1), dialect)
    return whole[: len(whole) - len(later)]
