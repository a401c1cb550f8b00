"""SQLite: one file in write-ahead mode, shared by the processes of one machine.

Reads are look-ups of microseconds and run in the event loop. Writes run in one thread per process, in groups; processes
take turns by SQLite's own lock. Every commit is on the disk before it is answered (`synchronous=FULL`).
"""

import asyncio
import fcntl
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote

from ostiary.ports.changes import Conflict
from ostiary.ports.records import AccessTokenRecord, AccountRecord, CodeRecord, SessionRecord
from ostiary.ports.stores import StoreUnavailable
from ostiary.storage.addresses import OnMoved
from ostiary.storage.inspection import Found
from ostiary.storage.notices import KEPT_NOTICES, Notice, numbered
from ostiary.storage.sql import statements as sql
from ostiary.storage.sql.groups import Groups, Rows, Unit, Unreachable, arrange, notices_of
from ostiary.storage.sql.kept_rows import KeptRows
from ostiary.storage.sql.statement import Statement
from ostiary.storage.sql.stores import SqlStores
from ostiary.storage.sql.writing import Steps

WRITE_WAIT_SECONDS = 10.0
"""How long a group waits for the writers of other processes before its units are refused."""

READ_WAIT_SECONDS = 1.0
"""Readers wait for nobody in write-ahead mode, but for the moment in which the last connection of a process goes."""

CHECKPOINT_WAIT_MS = 250

_REFUSED = (sqlite3.Error, OverflowError)
"""What SQLite and its driver make of a statement or value they cannot take."""


def connect(path: Path, wait_seconds: float, mode: str = "rw") -> sqlite3.Connection:
    """A connection without transactions of its own. It never makes a file unless `mode` is ``rwc``."""
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=wait_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA synchronous = FULL")
    return connection


class SqliteStores(SqlStores):
    """The stores on an SQLite file that `migrate` has set up."""

    def __init__(
        self, path: Path, *, on_moved: OnMoved | None = None, write_wait_seconds: float = WRITE_WAIT_SECONDS
    ) -> None:
        super().__init__(on_moved)
        self._path = path
        self._reader: sqlite3.Connection | None = None
        self._kept: KeptRows | None = None
        self._groups = Groups(self._hand_over, self._forget_changed)
        self._writer = _Writer(path, write_wait_seconds, self._groups.finished)

    async def _row(self, statement: Statement, *values: Any) -> Any:
        try:
            return (self._reader or self._open()).execute(statement.sqlite, values).fetchone()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    async def _rows(self, statement: Statement, *values: Any) -> Rows:
        try:
            return (self._reader or self._open()).execute(statement.sqlite, values).fetchall()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def _write(self, steps: Steps, notices: Sequence[Notice] = ()) -> Awaitable[Sequence[Rows]]:
        return self._groups.add(steps, notices)

    def _phrase(self, folded: str) -> str:
        return '"' + folded.replace('"', '""') + '"'  # FTS5: the whole text as one phrase, whatever signs it has

    async def code(self, key: bytes) -> CodeRecord | None:
        """The authorization code with this key, used or not."""
        kept = self._fresh_kept()
        return kept.codes.get(key) or await super().code(key)

    async def access_token(self, key: bytes) -> AccessTokenRecord | None:
        """The reference token with this key."""
        kept = self._fresh_kept()
        record = kept.access_tokens.get(key)
        if record is None and (record := await super().access_token(key)) is not None:
            kept.keep(kept.access_tokens, key, record)
        return record

    async def session(self, key: bytes) -> SessionRecord | None:
        """The session with this key."""
        kept = self._fresh_kept()
        record = kept.sessions.get(key)
        if record is None and (record := await super().session(key)) is not None:
            kept.keep(kept.sessions, key, record)
        return record

    async def account(self, store: str, username: str) -> AccountRecord | None:
        """The account of this name, letter case included."""
        kept, name = self._fresh_kept(), (store, username)
        record = kept.accounts.get(name)
        if record is None and (record := await super().account(store, username)) is not None:
            kept.keep(kept.accounts, name, record)
        return record

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the database and cut it off, as far as readers allow."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def report(error: Exception | None) -> None:
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        self._writer.work(lambda: self._writer.checkpoint(lambda error: loop.call_soon_threadsafe(report, error)))
        await done

    async def close(self) -> None:
        """Finish what is queued, then close both connections."""
        await self._groups.drain()
        self._writer.stop()
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _fresh_kept(self) -> KeptRows:
        """What is kept, less what may have changed; it stays true during a read, which does not give way."""
        kept = self._kept
        if kept is None:
            if self._reader is None:
                try:
                    self._open()
                except sqlite3.Error as error:
                    raise self._unavailable(error) from error
            kept = self._kept = KeptRows(self._path.with_name(self._path.name + "-moves"))
        kept.refresh()
        return kept

    def _forget_changed(self, units: Sequence[Unit]) -> None:
        if self._kept is not None or any(unit.error is None for unit in units):
            (self._kept or self._fresh_kept()).changed(units)

    def _hand_over(self, units: list[Unit]) -> None:
        loop = asyncio.get_running_loop()
        self._writer.work(lambda: self._writer.flush(units, loop))

    def _open(self) -> sqlite3.Connection:
        self._reader = connect(self._path, READ_WAIT_SECONDS)
        return self._reader

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        return StoreUnavailable(f"SQLite: {error}")


class _Writer:
    """The one thread of this process that writes, and its connection. All but `work` and `stop` runs in that thread."""

    def __init__(self, path: Path, wait_seconds: float, finished: Callable[[Sequence[Unit]], None]) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._finished = finished
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None

    def work(self, work: Callable[[], None]) -> None:
        """Do this after what was handed over before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
            self._thread.start()
        self._work.put(work)

    def stop(self) -> None:
        """End the thread after what was handed over."""
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self._let_go()

    def flush(self, units: list[Unit], loop: asyncio.AbstractEventLoop) -> None:
        """Write a group and report to the loop, whatever happens."""
        try:
            self._commit(units)
        except Exception as error:
            for unit in units:
                unit.error = unit.error or error
        try:
            loop.call_soon_threadsafe(self._finished, units)
        except RuntimeError:  # the loop has ended, and with it all who waited
            self._let_go()

    def checkpoint(self, report: Callable[[Exception | None], object]) -> None:
        """Empty the write-ahead log; readers that are in the way make it a partial one."""
        try:
            connection = self._connection or self._open()
            connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_WAIT_MS}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute(f"PRAGMA busy_timeout = {int(self._wait_seconds * 1000)}")
        except sqlite3.Error as error:
            self._let_go()
            report(StoreUnavailable(f"SQLite: {error}"))
        else:
            report(None)

    def _commit(self, units: Sequence[Unit]) -> None:
        try:
            connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:  # the file cannot be reached: no unit would fare better alone
            self._let_go()
            raise Unreachable(f"SQLite: {error}") from error
        try:
            _run_group(connection, units)
            if notices := notices_of(units):
                _number(connection, notices)
            connection.execute("COMMIT")
        except Exception as error:
            self._roll_back(connection)
            if len(units) == 1:
                if isinstance(error, _REFUSED):
                    raise StoreUnavailable(f"SQLite: {error}") from error
                raise
            for unit in units:
                self._commit_alone(unit)

    def _commit_alone(self, unit: Unit) -> None:
        """A group that failed as a whole is run again one by one, so that one unit cannot spoil the others."""
        unit.error, unit.rows = None, ()
        try:
            self._commit((unit,))
        except Exception as error:
            unit.error = error

    def _open(self) -> sqlite3.Connection:
        self._connection = connect(self._path, self._wait_seconds)
        return self._connection

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _run_group(connection: sqlite3.Connection, units: Sequence[Unit]) -> None:
    alone, others = arrange(units)
    for statement, same in alone.items():
        if statement.returning:
            for unit in same:
                _run_unit(connection, unit)
        else:
            connection.executemany(statement.sqlite, [unit.steps[0][1] for unit in same])
    for unit in others:
        if unit.needs_savepoint():
            connection.execute("SAVEPOINT unit")
            _run_unit(connection, unit)
            if unit.error is not None:
                connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
        else:
            _run_unit(connection, unit)


def _number(connection: sqlite3.Connection, notices: Sequence[Notice]) -> None:
    ((newest,),) = connection.execute(sql.MOVE_GENERATION.sqlite, (len(notices),)).fetchall()
    connection.executemany(sql.ADD_NOTICE.sqlite, numbered(notices, newest))
    connection.execute(sql.TRIM_NOTICES.sqlite, (newest - KEPT_NOTICES,))


def _run_unit(connection: sqlite3.Connection, unit: Unit) -> None:
    """Run the steps in order up to the first condition that does not hold; the caller undoes what was written."""
    answers: list[Rows] = []
    for statement, values, change in unit.steps:
        if not statement.returning:
            connection.execute(statement.sqlite, values)
            continue
        answer = connection.execute(statement.sqlite, values).fetchall()
        if change is not None and not answer:
            unit.error = Conflict(change)
            return
        answers.append(answer)
    unit.rows = answers


def inspect(path: Path) -> Found:
    """What this file is. A file that is not there is an empty database."""
    if not path.exists():
        return Found(schema_number=None)
    try:
        with closing(connect(path, READ_WAIT_SECONDS)) as connection:
            return _found(connection)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"SQLite: {error}") from error


def _found(connection: sqlite3.Connection) -> Found:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'installation'").fetchone() is None:
        return Found(schema_number=None)
    return Found(schema_number=connection.execute(sql.SCHEMA.sqlite).fetchone()[0])


def run_migrations(path: Path, statements_from: Callable[[Found, str], list[str]]) -> Found:
    """Make the file if need be and run what leads to this version's schema; what the file was before.

    The lock is a file of its own: the switch to write-ahead mode cannot be part of a transaction.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _alone(path), closing(connect(path, WRITE_WAIT_SECONDS, mode="rwc")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            found = _found(connection)
            for statement in statements_from(found, "sqlite"):
                connection.execute(statement)
            connection.execute("COMMIT")
            return found
    except sqlite3.Error as error:
        raise StoreUnavailable(f"SQLite: {error}") from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
