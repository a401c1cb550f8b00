"""Self-clocked group commit: what has queued is flushed as one the moment the flush before it returned.

A unit is answered after the flush that holds it. Nothing waits for a timer: alone, a unit is flushed at once; under
load, one flush to the disk serves as many units as came during the one before.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ostiary.ports.stores import StoreUnavailable
from ostiary.storage.notices import Notice
from ostiary.storage.sql.statement import Statement
from ostiary.storage.sql.writing import Steps

MOST_UNITS = 512
"""How many units one flush takes at most: the bound of how long the first of them waits for the others."""

Rows: TypeAlias = Sequence[Any]


class Unreachable(StoreUnavailable):
    """The database itself is away: whatever else waits for it would fare no better, and is refused at once."""


class Unit:
    """Statements that belong together, and who waits for them."""

    __slots__ = ("done", "error", "notices", "rows", "steps")

    def __init__(self, steps: Steps, notices: Sequence[Notice], done: "asyncio.Future[Sequence[Rows]]") -> None:
        self.steps = steps
        self.notices = notices
        self.done = done
        self.rows: Sequence[Rows] = ()
        """What each statement with `RETURNING` answered, in order."""
        self.error: Exception | None = None

    def needs_savepoint(self) -> bool:
        """Whether a condition may fail after something was written. The first step fails before anything is."""
        return any(change is not None for _, _, change in self.steps[1:])


class Groups:
    """The queue of one writer. All of it runs in the event loop; `flush` is told to begin and reports to `finished`."""

    def __init__(
        self, flush: Callable[[list[Unit]], None], before_answer: Callable[[Sequence[Unit]], None] | None = None
    ) -> None:
        """`before_answer` is called with the units of a flush before any of them is answered."""
        self._flush = flush
        self._before_answer = before_answer
        self._waiting: list[Unit] = []
        self._running = False
        self._idle: asyncio.Event | None = None

    def add(self, steps: Steps, notices: Sequence[Notice] = ()) -> "asyncio.Future[Sequence[Rows]]":
        """Queue a unit. The future holds the rows of its statements, or what went wrong."""
        loop = asyncio.get_running_loop()
        unit = Unit(steps, notices, loop.create_future())
        self._waiting.append(unit)
        if not self._running:
            self._running = True
            loop.call_soon(self._begin)  # at the end of this turn, so that all who write in it share the flush
        return unit.done

    def finished(self, units: Sequence[Unit]) -> None:
        """Answer the units of a flush, and begin the next one."""
        if self._before_answer is not None:
            self._before_answer(units)
        for unit in units:
            if unit.done.done():  # who waited for it has gone
                continue
            if unit.error is None:
                unit.done.set_result(unit.rows)
            else:
                unit.done.set_exception(unit.error)
        if self._waiting and units and isinstance(units[0].error, Unreachable):
            refused, self._waiting = self._waiting, []
            for unit in refused:
                unit.error = units[0].error
            self.finished(refused)
            return
        if self._waiting:
            self._begin()
            return
        self._running = False
        if self._idle is not None:
            self._idle.set()

    async def drain(self) -> None:
        """Return when nothing is queued and nothing runs."""
        while self._running:
            self._idle = asyncio.Event()
            await self._idle.wait()

    def _begin(self) -> None:
        units, self._waiting = self._waiting[:MOST_UNITS], self._waiting[MOST_UNITS:]
        self._flush(units)


Runs: TypeAlias = list[tuple[tuple[Statement, ...], list[Unit]]]
"""Units of the same statements, which may be run statement by statement; no statements for units that may not."""


def notices_of(units: Sequence[Unit]) -> list[Notice]:
    """What the units that hold have to tell, in the order in which they came."""
    return [notice for unit in units if unit.error is None for notice in unit.notices]


def runs_in_lock_order(units: Sequence[Unit]) -> Runs:
    """The units in the order of the row that each locks first; neighbours of the same statements as one run.

    Two nodes that write the same rows wait for each other in one direction only: without an order, whoever replays two
    codes at two nodes could make both stand still until the database notices.
    """
    first = units[0].steps[0][0]
    if first.row is None and all(len(unit.steps) == 1 and unit.steps[0][0] is first for unit in units):
        return [((first,), list(units))]  # new rows of one kind, by far the most frequent group: any order will do
    runs: Runs = []
    for unit in sorted(units, key=_first_lock):
        statements = _by_statement(unit)
        if runs and runs[-1][0] == statements:
            runs[-1][1].append(unit)
        else:
            runs.append((statements, [unit]))
    return runs


def _by_statement(unit: Unit) -> tuple[Statement, ...]:
    """The statements of a unit that does one thing and then only adds rows, which wait for nobody and cannot fail.

    Of several such units the first statement may be run for all before the second is run for any.
    """
    if all(statement.only_adds for statement, _, _ in unit.steps[1:]):
        return tuple(statement for statement, _, _ in unit.steps)
    return ()


def _first_lock(unit: Unit) -> tuple[str, bool, Any]:
    statement, values, _ = unit.steps[0]
    if statement.row is None:
        return statement.table, False, statement.postgresql
    return statement.table, True, values[statement.row]


def arrange(units: Sequence[Unit]) -> tuple[dict[Statement, list[Unit]], list[Unit]]:
    """The units of one statement each, by statement, in the order they came; and the others.

    Units of one group ran at the same time for all that anyone can know, so their order is ours to choose; only among
    units of the same statement the first in line stays the first.
    """
    alone: dict[Statement, list[Unit]] = {}
    others: list[Unit] = []
    for unit in units:
        if len(unit.steps) == 1:
            alone.setdefault(unit.steps[0][0], []).append(unit)
        else:
            others.append(unit)
    return alone, others
