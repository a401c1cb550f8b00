"""Setting up an empty database, and bringing an older one up to this version's schema.

Alembic renders the migrations to SQL; the databases' own drivers run it, all in one transaction under a lock: whoever
comes second finds the work done, and a broken attempt leaves nothing behind.
"""

import asyncio

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from ostiary.ports.stores import StoreUnavailable
from ostiary.storage import MigrationError
from ostiary.storage.addresses import postgresql_url, sqlite_path
from ostiary.storage.inspection import SCHEMA_NUMBER, Found, SchemaState
from ostiary.storage.migrations import MIGRATIONS


def migrate(url: str) -> SchemaState:
    """Bring the database at `url` to this version's schema, whatever it is now; what it was before.

    Raises `MigrationError` when a later version made it or it cannot be reached.
    """
    path = sqlite_path(url)
    try:
        if path is None:
            from ostiary.storage.sql import postgres

            return asyncio.run(postgres.run_migrations(postgresql_url(url), statements_from)).state
        from ostiary.storage.sql import sqlite

        return sqlite.run_migrations(path, statements_from).state
    except (StoreUnavailable, OSError) as error:
        raise MigrationError(f"the database cannot be set up: {error}") from error


def statements_from(found: Found, dialect: str) -> list[str]:
    """The SQL that leads from a schema to ours, in order. Raises `MigrationError` for a newer one."""
    if found.state is SchemaState.NEWER:
        raise MigrationError(
            f"the database has schema {found.schema_number}, and this version knows up to {SCHEMA_NUMBER}:"
            " use the later version that made it"
        )
    if found.state is SchemaState.CURRENT:
        return []
    written = _Written()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": written})
    with Operations.context(context) as op:
        for upgrade in MIGRATIONS[found.schema_number or 0 :]:
            upgrade(op)
        op.execute(f"UPDATE installation SET schema_number = {SCHEMA_NUMBER} WHERE id = 1")  # noqa: S608 - our own number
    return written.statements


class _Written:
    """Takes what Alembic writes: one statement at a time."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def write(self, text: str) -> None:
        if statement := text.strip().removesuffix(";"):
            self.statements.append(statement)

    def flush(self) -> None:
        """Nothing is held back."""
