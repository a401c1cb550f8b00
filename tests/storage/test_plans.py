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

_INDEXED = sorted(set(STATEMENTS) - SMALL_AND_WHOLE)


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


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_postgresql_uses_an_index(postgresql_url: str, name: str) -> None:
    """With scans and sorts forbidden the plan shows whether they could be avoided at all."""
    connection = await asyncpg.connect(postgresql_url)
    try:
        await connection.execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan"
        )
        if name not in SORTS_A_FEW:
            await connection.execute("SET enable_sort = off")
        plan = await plan_of(connection, STATEMENTS[name])
        if name not in SMALL_AND_WHOLE:
            assert "Seq Scan" not in plan, plan
            assert name in SORTS_A_FEW or "Sort Key" not in plan, plan
    finally:
        await connection.close()


async def plan_of(connection: Any, statement: Statement) -> str:
    prepared = await connection.prepare(statement.postgresql)
    types = ", ".join(parameter.name for parameter in prepared.get_parameters())
    values = ", ".join("NULL" for _ in statement.names)
    await connection.execute(f"PREPARE asked{f'({types})' if types else ''} AS {statement.postgresql}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked{f'({values})' if values else ''}")
    return "\n".join(row[0] for row in rows)
