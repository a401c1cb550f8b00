"""Work that happens without a request: each job under its lease, in small batches, never in two processes at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ostiary.ports.clock import SECOND, Clock
from ostiary.ports.stores import Stores, StoreUnavailable

log = logging.getLogger("ostiary.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of regular work. It must be idempotent: a holder may die in the middle of it."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[object]]


async def run(jobs: list[Job], stores: Stores, clock: Clock, holder: str, ran: Callable[[str, float], None]) -> None:
    """Run the jobs for as long as the process lives. `ran` is told how late each one was, in seconds."""
    await asyncio.gather(*(_repeat(job, stores, clock, holder, ran) for job in jobs))


async def run_once(job: Job, stores: Stores, clock: Clock, holder: str) -> bool:
    """Run the job now if no one else holds its lease. Returns whether it ran."""
    now = clock.now()
    until = now + int(job.every_seconds * SECOND) + 30 * SECOND
    if not await stores.take_lease(job.name, holder, now, until):
        return False
    await job.work()
    return True


async def _repeat(job: Job, stores: Stores, clock: Clock, holder: str, ran: Callable[[str, float], None]) -> None:
    planned = clock.now()
    while True:
        try:
            if await run_once(job, stores, clock, holder):
                ran(job.name, max(0.0, (clock.now() - planned) / SECOND))
        except StoreUnavailable as problem:
            log.warning("job %s waits: %s", job.name, problem)
        except Exception:
            log.exception("job %s failed; it will be tried again", job.name)
        planned = clock.now() + int(job.every_seconds * SECOND)
        await asyncio.sleep(job.every_seconds)
