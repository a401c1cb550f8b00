"""What a database is to this version, before a server works with it.

Needs neither SQLAlchemy nor Alembic: a running server loads none of them.
"""

from dataclasses import dataclass
from enum import Enum

from ostiary.ports.stores import StoreUnavailable
from ostiary.storage.addresses import postgresql_url, sqlite_path

SCHEMA_NUMBER = 5
"""The schema this version works with: the number of its migrations."""


class SchemaState(Enum):
    """How a database stands to this version."""

    UNREACHABLE = "unreachable"
    EMPTY = "empty"
    """Nothing of ours is there; `migrate` sets it up."""
    OLDER = "older"
    """Needs `ostiary migrate`."""
    CURRENT = "current"
    NEWER = "newer"
    """Made by a later version; this one must not touch it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The number of a database's schema."""

    schema_number: int | None
    """None for an empty database."""

    @property
    def state(self) -> SchemaState:
        """What follows from the number."""
        if self.schema_number is None:
            return SchemaState.EMPTY
        if self.schema_number < SCHEMA_NUMBER:
            return SchemaState.OLDER
        return SchemaState.CURRENT if self.schema_number == SCHEMA_NUMBER else SchemaState.NEWER


async def inspect(url: str) -> SchemaState:
    """Look at a database without changing it. Raises `ValueError` for an address that is none."""
    path = sqlite_path(url)
    try:
        if path is not None:
            from ostiary.storage.sql import sqlite

            return sqlite.inspect(path).state
        from ostiary.storage.sql import postgres

        return (await postgres.inspect(postgresql_url(url))).state
    except StoreUnavailable:
        return SchemaState.UNREACHABLE
