"""PostgreSQL: one database for the processes of several machines.

One connection writes, in groups; a few read; one listens for changes made elsewhere. Every wait has an end: whatever
goes wrong on the way to the database becomes `StoreUnavailable`, and a line that failed is given up and made anew.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import asyncpg

from ostiary.ports.changes import Conflict
from ostiary.ports.stores import StoreUnavailable
from ostiary.storage.addresses import OnChange, OnMoved
from ostiary.storage.inspection import Found
from ostiary.storage.notices import KEPT_NOTICES, Notice, numbered
from ostiary.storage.sql import statements as sql
from ostiary.storage.sql.groups import (
    Groups,
    Rows,
    Runs,
    Unit,
    Unreachable,
    notices_of,
    runs_in_lock_order,
)
from ostiary.storage.sql.statement import Statement
from ostiary.storage.sql.stores import SqlStores
from ostiary.storage.sql.writing import Steps
from ostiary.storage.text import pattern_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long anything may take before it is given up."""

    connect_seconds: float = 5.0
    answer_seconds: float = 5.0
    """For one statement; waiting for a lock ends a little earlier, so that the reason is known."""
    rest_seconds: float = 0.5
    """After a failed attempt to connect, how long others are refused at once instead of trying too."""


PATIENCE = Patience()

READERS = 4
"""How many connections of one process read at most; a reader holds one for the time of one look-up."""

HEARTBEAT_SECONDS = 5.0
"""How often the listener asks whether its line still stands."""

ATTEMPTS = 3
"""How often a unit is tried that the server broke off for the sake of others (deadlock, lock wait)."""

MIGRATION_LOCK = 0x6F737469617279  # "ostiary"
CHANNEL = "ostiary_generation"

log = logging.getLogger(__name__)

_LOST = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_BROKEN_OFF = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
_TURNED_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,  # the server has become a standby
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


async def connect(url: str, patience: Patience = PATIENCE, more: Mapping[str, str] = MappingProxyType({})) -> Any:
    """A connection whose every call ends in time. Raises `StoreUnavailable`."""
    lock_ms, idle_ms = int(patience.answer_seconds * 600), int(patience.answer_seconds * 2000)
    settings = {
        "application_name": "ostiary",
        "default_transaction_isolation": "read committed",
        "lock_timeout": str(lock_ms),
        "idle_in_transaction_session_timeout": str(idle_ms),
    }
    try:
        return await asyncpg.connect(
            url,
            timeout=patience.connect_seconds,
            command_timeout=patience.answer_seconds,
            server_settings={**settings, **more},
        )
    except (*_LOST, asyncpg.PostgresError) as error:
        raise StoreUnavailable(_text(error)) from error


class PostgresStores(SqlStores):
    """The stores on a PostgreSQL database that `migrate` has set up."""

    def __init__(
        self,
        url: str,
        *,
        on_change: OnChange | None = None,
        on_moved: OnMoved | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        super().__init__(on_moved)
        self._readers = _Readers(_Door(url, patience))
        self._writer = _Writer(_Door(url, patience))
        self._groups = Groups(self._begin)
        self._flushes: set[asyncio.Task[None]] = set()
        self._listener = None if on_change is None else asyncio.create_task(_listen(url, patience, on_change))

    async def _row(self, statement: Statement, *values: Any) -> Any:
        return await self._readers.ask(lambda connection: connection.fetchrow(statement.postgresql, *values))

    async def _rows(self, statement: Statement, *values: Any) -> Rows:
        found: Rows = await self._readers.ask(lambda connection: connection.fetch(statement.postgresql, *values))
        return found

    def _write(self, steps: Steps, notices: Sequence[Notice] = ()) -> Awaitable[Sequence[Rows]]:
        return self._groups.add(steps, notices)

    def _phrase(self, folded: str) -> str:
        return pattern_for(folded)

    async def checkpoint(self) -> None:
        """PostgreSQL keeps itself up."""

    async def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        await self._groups.drain()
        await self._writer.close()
        await self._readers.close()

    def _begin(self, units: list[Unit]) -> None:
        task = asyncio.get_running_loop().create_task(self._flush(units))
        self._flushes.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._flushes.discard)

    async def _flush(self, units: list[Unit]) -> None:
        try:
            await self._writer.commit(units)
        except BaseException as error:
            for unit in units:
                unit.error = unit.error or (
                    error if isinstance(error, Exception) else StoreUnavailable("shutting down")
                )
            if not isinstance(error, Exception):
                raise
        finally:
            self._groups.finished(units)


class _Readers:
    """A few connections for look-ups. Who finds none free waits for the next one."""

    def __init__(self, door: "_Door") -> None:
        self._door = door
        self._free: list[Any] = []
        self._turns = asyncio.Semaphore(READERS)

    async def ask(self, question: Callable[[Any], Any]) -> Any:
        """Put a question that changes nothing, a second time on a new line if the first one turned out dead."""
        await self._turn()
        try:
            while self._free:
                connection = self._free.pop()
                if connection.is_closed():
                    continue
                try:
                    return await self._ask(connection, question)
                except StoreUnavailable:
                    break
            return await self._ask(await self._door.connect(), question)
        finally:
            self._turns.release()

    async def _turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(self._door.patience.answer_seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise StoreUnavailable("PostgreSQL: all readers are busy") from error

    async def _ask(self, connection: Any, question: Callable[[Any], Any]) -> Any:
        try:
            answer = await question(connection)
        except (*_LOST, asyncpg.PostgresError) as error:
            connection.terminate()
            raise StoreUnavailable(_text(error)) from error
        except BaseException:  # the caller has gone: what the line carries now is not worth finding out
            connection.terminate()
            raise
        self._free.append(connection)
        return answer

    async def close(self) -> None:
        """Close the lines that are free; those in use end with their look-up."""
        for connection in self._free:
            await _close(connection)
        self._free.clear()


class _Writer:
    """The one connection that writes. `commit` is never called twice at once."""

    def __init__(self, door: "_Door") -> None:
        self._door = door
        self._connection: Any = None

    async def commit(self, units: Sequence[Unit]) -> None:
        """Write a group in one transaction. Raises when none of it was written, or nobody knows."""
        connection = await self._connected()
        try:
            await _run_group(connection, units)
        except (*_LOST, *_TURNED_AWAY) as error:
            # Whether a commit that got no answer took place, nobody knows: the units are refused, not repeated.
            self._let_go()
            raise Unreachable(_text(error)) from error
        except Exception as error:
            if len(units) > 1:
                await self._one_by_one(units)
            elif isinstance(error, asyncpg.PostgresError):
                raise StoreUnavailable(_text(error)) from error
            else:
                raise
        except BaseException:
            self._let_go()
            raise

    async def _one_by_one(self, units: Sequence[Unit]) -> None:
        """A group that failed as a whole is run again one by one, so that one unit cannot spoil the others."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._door.patience.answer_seconds
        refusal: Exception | None = None
        for unit in units:
            unit.error, unit.rows = refusal, ()
            if refusal is None:
                unit.error = await self._commit_alone(unit)
            if isinstance(unit.error, Unreachable):
                refusal = unit.error
            elif loop.time() > end:
                refusal = StoreUnavailable("PostgreSQL: too many units wait for locks")

    async def _commit_alone(self, unit: Unit) -> Exception | None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self.commit((unit,))
            except StoreUnavailable as error:
                if attempt == ATTEMPTS or not isinstance(error.__cause__, _BROKEN_OFF):
                    return error
            except Exception as error:
                return error
            else:
                return unit.error
        return None

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            connection = await self._door.connect()
            # "Answered" means "on the disk"; a stricter setting of the server (remote_apply …) is left alone.
            await connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') IN ('off')"
            )
            self._connection = connection
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await _close(self._connection)
            self._connection = None


class _Door:
    """Makes connections, and refuses at once for a moment after an attempt failed."""

    def __init__(self, url: str, patience: Patience) -> None:
        self._url = url
        self.patience = patience
        self._closed_until = 0.0

    async def connect(self) -> Any:
        """A new connection. Raises `Unreachable`."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._closed_until:
            raise Unreachable("PostgreSQL could not be reached a moment ago")
        try:
            return await connect(self._url, self.patience)
        except StoreUnavailable as error:
            self._closed_until = loop.time() + self.patience.rest_seconds
            raise Unreachable(str(error)) from error


async def _run_group(connection: Any, units: Sequence[Unit]) -> None:
    """One transaction for all units; a single statement, or a run of the same, is one by itself."""
    runs = runs_in_lock_order(units)
    if _is_one_call(runs):
        await _run_by_statement(connection, *runs[0])
        return
    async with connection.transaction():
        for statements, same in runs:
            if statements:
                await _run_by_statement(connection, statements, same)
                continue
            for unit in same:
                await _run_steps(connection, unit)
        if notices := notices_of(units):
            await _number(connection, notices)


def _is_one_call(runs: Runs) -> bool:
    statements, units = runs[0]
    if len(runs) > 1 or len(statements) != 1 or any(unit.notices for unit in units):
        return False
    return len(units) == 1 or not statements[0].returning


async def _number(connection: Any, notices: Sequence[Notice]) -> None:
    newest = await connection.fetchval(sql.MOVE_GENERATION.postgresql, len(notices))
    await connection.executemany(sql.ADD_NOTICE.postgresql, numbered(notices, newest))
    await connection.execute(sql.TRIM_NOTICES.postgresql, newest - KEPT_NOTICES)
    await connection.execute(NOTIFY)


async def _run_by_statement(connection: Any, statements: Sequence[Statement], units: Sequence[Unit]) -> None:
    """The first statement for every unit, then each of the others for those whose condition held."""
    rest: Sequence[Statement] = statements
    if statements[0].returning:
        rest = statements[1:]
        for unit in units:
            await _judge(connection, unit)
    kept = [unit for unit in units if unit.error is None]
    for place, statement in enumerate(rest, start=len(statements) - len(rest)):
        if len(kept) == 1:
            await connection.execute(statement.postgresql, *kept[0].steps[place][1])
        elif kept:
            await connection.executemany(statement.postgresql, [unit.steps[place][1] for unit in kept])


async def _judge(connection: Any, unit: Unit) -> None:
    """Run the first step, and see whether its condition holds."""
    statement, values, change = unit.steps[0]
    answer = await connection.fetch(statement.postgresql, *values)
    if change is not None and not answer:
        unit.error = Conflict(change)
    else:
        unit.rows = (answer,)


async def _run_steps(connection: Any, unit: Unit) -> None:
    """Run the steps in order up to the first condition that does not hold."""
    late = unit.needs_savepoint()
    if late:
        await connection.execute("SAVEPOINT unit")
    answers: list[Rows] = []
    for statement, values, change in unit.steps:
        if not statement.returning:
            await connection.execute(statement.postgresql, *values)
            continue
        answer = await connection.fetch(statement.postgresql, *values)
        if change is not None and not answer:
            unit.error = Conflict(change)
            break
        answers.append(answer)
    unit.rows = answers
    if late:
        await connection.execute("ROLLBACK TO SAVEPOINT unit" if unit.error else "RELEASE SAVEPOINT unit")


NOTIFY = f"SELECT pg_notify('{CHANNEL}', '')"
"""Heard by every node once the unit is committed, and not before."""


async def _listen(url: str, patience: Patience, on_change: OnChange) -> None:
    """Tell of every change, and after every break in the line that there may have been some."""
    while True:
        try:
            connection = await connect(url, patience)
            try:
                await _hear(connection, on_change)
            finally:
                connection.terminate()
        except (StoreUnavailable, *_LOST, asyncpg.PostgresError) as error:
            log.warning("the line that tells of changes on other nodes is down: %s", error)
            await asyncio.sleep(patience.rest_seconds)


async def _hear(connection: Any, on_change: OnChange) -> None:
    """Tell of every change until the line is cut."""
    cut = asyncio.Event()
    connection.add_termination_listener(lambda _: cut.set())
    await connection.add_listener(CHANNEL, lambda *_: on_change())
    on_change()
    while not cut.is_set():
        await connection.fetchval("SELECT 1")
        with suppress(TimeoutError):
            await asyncio.wait_for(cut.wait(), HEARTBEAT_SECONDS)


def _text(error: BaseException) -> str:
    # Only the kind: the server's own words may quote values of rows. They stay with the cause.
    return f"PostgreSQL: {type(error).__name__}"


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=1)
    except (*_LOST, asyncpg.PostgresError):
        connection.terminate()


# Before and beside the stores ---------------------------------------------------------------------------------------


@asynccontextmanager
async def _connection(url: str, more: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[Any]:
    connection = await connect(url, more=more)
    try:
        yield connection
    except (*_LOST, asyncpg.PostgresError) as error:
        raise StoreUnavailable(_text(error)) from error
    finally:
        await _close(connection)


async def inspect(url: str) -> Found:
    """What this database is. Raises `StoreUnavailable`."""
    async with _connection(url) as connection:
        return await _found(connection)


async def run_migrations(url: str, statements_from: Callable[[Found, str], list[str]]) -> Found:
    """Run what leads to this version's schema, alone among all that try; what the database was before."""
    # A migration may take longer than a request, and so may waiting for the one before.
    async with _connection(url, {"lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}) as connection:
        connection.add_log_listener(_told)
        async with connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})", timeout=3600)
            found = await _found(connection)
            for statement in statements_from(found, "postgresql"):
                await connection.execute(statement, timeout=3600)
        return found


def _told(_connection: object, message: Any) -> None:
    if message.severity == "WARNING":
        log.warning("%s", message.message)


async def _found(connection: Any) -> Found:
    if await connection.fetchval("SELECT to_regclass('installation')") is None:
        return Found(schema_number=None)
    return Found(schema_number=await connection.fetchval(sql.SCHEMA.postgresql))
