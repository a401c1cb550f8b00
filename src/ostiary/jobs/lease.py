"""Work that happens without a request: each job under its lease, in small batches, never in two processes at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ostiary.ports.clock import SECOND, Clock
from ostiary.ports.stores import Stores, StoreUnavailable

log = logging.getLogger("ostiary.jobs")


SPARE_MS = 30 * SECOND
"""How much longer than the time between two runs a lease is, so that its holder keeps it from run to run."""


class LeaseLost(Exception):
    """Another process holds the lease by now: the work stops, and that process does it."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """The right to do a job, for a while. Long work asks for more between its steps."""

    name: str
    holder: str
    stores: Stores
    clock: Clock
    length_ms: int
    _until: int = field(default=0, init=False)

    async def take(self) -> bool:
        """Take it, or prolong it from now on; False when somebody else has it."""
        now = self.clock.now()
        if not await self.stores.take_lease(self.name, self.holder, now, now + self.length_ms):
            return False
        self._until = now + self.length_ms
        return True

    async def hold(self) -> None:
        """Prolong it once half of it has passed; raises `LeaseLost` when it ran out and somebody else took it."""
        if self._until - self.clock.now() < self.length_ms // 2 and not await self.take():
            raise LeaseLost(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of regular work. It must be idempotent: a holder may die in the middle of it."""

    name: str
    """From a closed set: it is the name of a row and a label of the metrics."""
    every_seconds: float
    work: Callable[[Lease], Awaitable[object]]


async def run(jobs: list[Job], stores: Stores, clock: Clock, holder: str, ran: Callable[[str, float], None]) -> None:
    """Run the jobs for as long as the process lives. `ran` is told how late each one was, in seconds."""
    await asyncio.gather(*(_repeat(job, stores, clock, holder, ran) for job in jobs))


async def run_once(job: Job, stores: Stores, clock: Clock, holder: str) -> bool:
    """Run the job now if no one else holds its lease. Returns whether it ran; raises `LeaseLost` when it lost it."""
    length_ms = int(job.every_seconds * SECOND) + SPARE_MS
    lease = Lease(name=job.name, holder=holder, stores=stores, clock=clock, length_ms=length_ms)
    if not await lease.take():
        return False
    await job.work(lease)
    return True


async def _repeat(job: Job, stores: Stores, clock: Clock, holder: str, ran: Callable[[str, float], None]) -> None:
    planned = clock.now()
    while True:
        try:
            if await run_once(job, stores, clock, holder):
                ran(job.name, max(0.0, (clock.now() - planned) / SECOND))
        except StoreUnavailable as problem:
            log.warning("job %s waits: %s", job.name, problem)
        except LeaseLost:
            log.warning("job %s took longer than its lease; another process goes on with it", job.name)
        except Exception:
            log.exception("job %s failed; it will be tried again", job.name)
        planned = clock.now() + int(job.every_seconds * SECOND)
        await asyncio.sleep(job.every_seconds)
