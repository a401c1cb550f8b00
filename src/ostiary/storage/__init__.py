"""Where what outlives a request is kept: memory, SQLite or PostgreSQL behind the one port."""

from ostiary.ports.stores import Stores
from ostiary.storage.addresses import OnChange, OnMoved, postgresql_url, sqlite_path
from ostiary.storage.inspection import SCHEMA_NUMBER, SchemaState, inspect

__all__ = ["SCHEMA_NUMBER", "MigrationError", "SchemaState", "inspect", "migrate", "open_stores"]


class MigrationError(Exception):
    """The database could not be brought to this version's schema; the text says why and what to do."""


async def open_stores(url: str, *, on_change: OnChange | None = None, on_moved: OnMoved | None = None) -> Stores:
    """The stores of a database that `migrate` has set up: ``sqlite:///path`` or ``postgresql://…``.

    Connects when first used, so that a server can open them before its database answers.

    `on_change` is called in the loop when PostgreSQL tells that some node changed configuration, and whenever the line
    that tells it was made (anew). With SQLite it is never called: there all processes share one machine.
    `on_moved` is awaited after a commit of this process that moved the generation, before `commit` returns.

    Raises `ValueError` for an address of another kind.
    """
    path = sqlite_path(url)
    if path is not None:
        from ostiary.storage.sql.sqlite import SqliteStores

        return SqliteStores(path, on_moved=on_moved)
    from ostiary.storage.sql.postgres import PostgresStores  # the driver is loaded only where it is needed

    return PostgresStores(postgresql_url(url), on_change=on_change, on_moved=on_moved)


def migrate(url: str) -> SchemaState:
    """Bring a database to this version's schema; what it was before. Not to be called where a loop runs.

    Safe to run twice, and at several places at once: the second finds the work done. Raises `MigrationError`.
    """
    from ostiary.storage import upgrade  # with SQLAlchemy and Alembic, which a running server does without

    return upgrade.migrate(url)
