"""Rows of SQLite that were read a moment ago, kept as long as nobody has changed them.

A look-up costs about 20 µs as soon as somebody writes beside it: SQLite forgets its pages when the file has moved on.
What is read again and again (tokens that are introspected, sessions, the accounts behind them, a code on its way to be
redeemed) is therefore kept here, and dropped

* by the process that changes a row, before whoever asked for the change is answered,
* by the other processes of the machine as soon as a number in a mapped file has moved, which is read before each use,
* by everybody after `MOST_SECONDS`, should a process die between its commit and telling of it.

A code that was redeemed elsewhere may still be found here unused: only `UseCode` decides who uses it, in the database.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from ostiary.node_counter import NodeCounter
from ostiary.ports.records import AccessTokenRecord, AccountRecord, CodeRecord, SessionRecord
from ostiary.storage.sql import rows
from ostiary.storage.sql import statements as sql
from ostiary.storage.sql.groups import Unit

MOST_ROWS = 4096
"""Of each table; when there are more, all of that table are forgotten."""
MOST_SECONDS = 2.0
"""How long anything is kept without being read anew."""

AccountKey: TypeAlias = tuple[str, str]


class KeptRows:
    """What one process keeps. All of it runs in the event loop."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`path` is the file of the number that tells all processes of a database of changes."""
        self._moves = NodeCounter(path)
        self._monotonic = monotonic
        self._seen = self._moves.read()
        self._until = 0.0
        self.access_tokens: dict[bytes, AccessTokenRecord] = {}
        self.sessions: dict[bytes, SessionRecord] = {}
        self.accounts: dict[AccountKey, AccountRecord] = {}
        self.codes: dict[bytes, CodeRecord] = {}
        self._tables: dict[str, dict[Any, Any]] = {
            "access_tokens": self.access_tokens,
            "sessions": self.sessions,
            "accounts": self.accounts,
            "codes": self.codes,
        }

    def refresh(self) -> None:
        """Forget everything that may have changed elsewhere. To be called before anything is looked up here."""
        moved = self._moves.read()
        now = self._monotonic()
        if moved != self._seen or now >= self._until:
            self._seen = moved
            self._until = now + MOST_SECONDS
            for table in self._tables.values():
                table.clear()

    def keep(self, table: dict[Any, Any], key: Any, record: Any) -> None:
        """Keep a row that was read after `refresh`, in the same turn of the loop."""
        if len(table) >= MOST_ROWS:
            table.clear()
        table[key] = record

    def changed(self, units: Iterable[Unit]) -> None:
        """Drop what these units changed, keep the codes they added, and tell the other processes of all but codes.

        To be called before the units are answered. A code is kept because it is asked for within moments, and once.
        """
        must_tell = False
        for unit in units:
            for statement, values, _ in unit.steps:
                if statement.only_adds:
                    if statement is sql.ADD_CODE and unit.error is None:
                        self.keep(self.codes, values[0], rows.code(values))
                    continue
                table = self._tables.get(statement.table)
                if table is None:
                    continue
                if statement.key is not None:
                    table.pop(values[statement.key], None)
                else:  # all of a client, of a grant, or an account, of which only few change
                    table.clear()
                must_tell = must_tell or table is not self.codes
        if must_tell:
            self._tell()

    def close(self) -> None:
        """Let go of the file."""
        self._moves.close()

    def _tell(self) -> None:
        number = self._moves.bump()
        if number != self._seen + 1:  # somebody else changed something as well, and nobody here knows what
            for table in self._tables.values():
                table.clear()
        self._seen = number
