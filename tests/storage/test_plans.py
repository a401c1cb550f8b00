"""How the databases go about each statement: through an index, whatever the size. Plans do not swing as times do."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import asyncpg
import pytest

from ostiary.storage.sql.statement import Statement
from tests.storage.every_statement import STATEMENTS

pytestmark = pytest.mark.anyio

SMALL_AND_WHOLE = {"OBJECTS", "SIGNING_KEYS", "COUNT_CLIENTS", "INITIAL_TOKENS"}
"""Read as a whole by their nature."""

SORTS_A_FEW = {"GRANTS_OF_CLIENT", "GRANTS_OF_USER", "GRANTS_OF_BOTH"}
"""Find the rows by index and sort what one client or one person has."""

SEARCHES = {"CLIENTS_BY_TRIGRAMS", "CLIENTS_NAMED", "CLIENTS_NEAR"}
"""Go by an index of their own kind, or by a list that was given; their plans are looked at one by one."""

_INDEXED = sorted(set(STATEMENTS) - SMALL_AND_WHOLE - SEARCHES)


@pytest.fixture(scope="module")
def sqlite(sqlite_url: str) -> Iterator[sqlite3.Connection]:
    """A connection of our own."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        yield connection


def steps_of_plan(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    rows = connection.execute("EXPLAIN QUERY PLAN " + statement.sqlite, [None] * len(statement.names))
    return [row[3] for row in rows]


@pytest.mark.parametrize("name", _INDEXED)
def test_sqlite_scans_no_table(sqlite: sqlite3.Connection, name: str) -> None:
    for step in steps_of_plan(sqlite, STATEMENTS[name]):
        assert not re.match(r"SCAN (?!CONSTANT ROW|\d+ CONSTANT)", step) or "USING" in step, step
        assert name in SORTS_A_FEW or "TEMP B-TREE" not in step, step


@pytest.mark.parametrize("name", sorted(name for name in STATEMENTS if name.startswith("CLEAN_UP")))
def test_sqlite_finds_what_has_expired_by_its_index(sqlite: sqlite3.Connection, name: str) -> None:
    assert any("_by_expiry" in step or "grants_revoked" in step for step in steps_of_plan(sqlite, STATEMENTS[name]))


def test_sqlite_streams_clients_in_the_order_of_their_key(sqlite: sqlite3.Connection) -> None:
    for name in ("CLIENTS_AFTER", "LEGACY_CLIENTS_AFTER"):
        (step,) = steps_of_plan(sqlite, STATEMENTS[name])
        assert step.startswith("SEARCH clients USING INDEX")
        assert "(client_id>?)" in step


def test_sqlite_finds_a_part_of_a_name_by_its_trigrams(sqlite: sqlite3.Connection) -> None:
    steps = steps_of_plan(sqlite, STATEMENTS["CLIENTS_BY_TRIGRAMS"])
    assert any(step.startswith("SCAN client_trigrams VIRTUAL TABLE INDEX 0:M") for step in steps)
    assert "SEARCH client_search USING INTEGER PRIMARY KEY (rowid=?)" in steps


def test_sqlite_counts_off_numbered_pages_in_the_index_of_ids(sqlite: sqlite3.Connection) -> None:
    (step,) = steps_of_plan(sqlite, STATEMENTS["CLIENT_IDS"])
    assert step.startswith("SEARCH clients USING COVERING INDEX")
    steps = steps_of_plan(sqlite, STATEMENTS["CLIENTS_NEAR"])
    assert "SEARCH client_search USING INDEX client_search_by_client (client_id>?)" in steps
    steps = steps_of_plan(sqlite, STATEMENTS["CLIENTS_NAMED"])
    assert any(step.startswith("SEARCH clients USING INDEX") and "(client_id=?)" in step for step in steps)


async def test_postgresql_finds_a_part_of_a_name_by_its_trigrams(postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            "INSERT INTO client_search (client_id, folded) SELECT n, md5(n::text) FROM generate_series(1, 5000) n"
        )
        await connection.execute(
            "ANALYZE client_search; SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off"
        )
        text = STATEMENTS["CLIENTS_BY_TRIGRAMS"].postgresql
        for place, value in enumerate(("'%part of a name%'", "''", "10", "0"), start=1):
            text = text.replace(f"${place}", value)
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {text}"))
        assert "Bitmap Index Scan on client_search_trigrams" in plan, plan
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.mark.parametrize("name", sorted(set(STATEMENTS) - {"CLIENTS_BY_TRIGRAMS"}))
async def test_postgresql_uses_an_index(postgresql_url: str, name: str) -> None:
    """With scans and sorts forbidden the plan shows whether they could be avoided at all."""
    connection = await asyncpg.connect(postgresql_url)
    try:
        await connection.execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan"
        )
        if name not in SORTS_A_FEW | SEARCHES:
            await connection.execute("SET enable_sort = off")
        plan = await plan_of(connection, STATEMENTS[name])
        if name not in SMALL_AND_WHOLE:
            assert "Seq Scan" not in plan, plan
            assert name in SORTS_A_FEW | SEARCHES or "Sort Key" not in plan, plan
    finally:
        await connection.close()


async def plan_of(connection: Any, statement: Statement) -> str:
    prepared = await connection.prepare(statement.postgresql)
    types = ", ".join(parameter.name for parameter in prepared.get_parameters())
    values = ", ".join("NULL" for _ in statement.names)
    await connection.execute(f"PREPARE asked{f'({types})' if types else ''} AS {statement.postgresql}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked{f'({values})' if values else ''}")
    return "\n".join(row[0] for row in rows)
