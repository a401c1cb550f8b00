"""Work without a request, under its lease."""

import asyncio

import pytest

from ostiary.audit.usage import LastUsed
from ostiary.jobs import upkeep
from ostiary.jobs.lease import Job, Lease, LeaseLost, run_once
from ostiary.jobs.upkeep import clean_up, rotate_when_due
from ostiary.keys.rotation import LEAST_AHEAD_MS, TooSoon, first_keys
from ostiary.ports.changes import AddAccessToken
from ostiary.ports.records import AccessTokenRecord
from ostiary.storage.memory import MemoryStores
from tests.clocks import ManualClock
from tests.house import make_server

pytestmark = pytest.mark.anyio


async def test_of_two_holders_one_runs_the_job_until_its_lease_ends() -> None:
    stores, clock, ran = MemoryStores(), ManualClock(), []

    async def work(_lease: Lease) -> None:
        ran.append(clock.now())

    job = Job(name="job", every_seconds=60, work=work)
    assert await run_once(job, stores, clock, "a")
    assert not await run_once(job, stores, clock, "b")
    assert await run_once(job, stores, clock, "a")
    clock.advance(seconds=200)
    assert await run_once(job, stores, clock, "b")
    assert len(ran) == 3


def lease_of(stores: MemoryStores, clock: ManualClock, holder: str = "a") -> Lease:
    return Lease(name="job", holder=holder, stores=stores, clock=clock, length_ms=90_000)


async def test_work_longer_than_its_lease_prolongs_it() -> None:
    stores, clock = MemoryStores(), ManualClock()
    others = []

    async def work(lease: Lease) -> None:
        for _ in range(10):
            clock.advance(seconds=50)
            await lease.hold()
            others.append(await lease_of(stores, clock, "b").take())

    assert await run_once(Job(name="job", every_seconds=60, work=work), stores, clock, "a")
    assert others == [False] * 10


async def test_work_whose_lease_was_taken_by_another_stops() -> None:
    stores, clock, steps = MemoryStores(), ManualClock(), []

    async def work(lease: Lease) -> None:
        for step in range(3):
            steps.append(step)
            clock.advance(seconds=200)
            assert await lease_of(stores, clock, "b").take()
            await lease.hold()

    with pytest.raises(LeaseLost):
        await run_once(Job(name="job", every_seconds=60, work=work), stores, clock, "a")
    assert steps == [0]


async def test_clean_up_stops_when_its_lease_is_lost() -> None:
    stores, clock = MemoryStores(), ManualClock()
    await expire(1200, stores, clock)
    lease = lease_of(stores, clock)
    assert await lease.take()
    clock.advance(seconds=200)
    assert await lease_of(stores, clock, "b").take()
    with pytest.raises(LeaseLost):
        await clean_up(stores, clock, lease)
    assert await stores.access_token((1199).to_bytes(38, "big")) is not None


async def test_the_names_of_jobs_know_nothing_of_the_process_that_runs_them() -> None:
    ran: asyncio.Queue[str] = asyncio.Queue()
    keeping = asyncio.create_task(
        upkeep.keep(lambda: None, MemoryStores(), ManualClock(), lambda job, _lag: ran.put_nowait(job))
    )
    assert {await ran.get() for _ in range(4)} == {"clean-up", "key-rotation", "unused-clients", "checkpoint"}
    keeping.cancel()


async def expire(number: int, stores: MemoryStores, clock: ManualClock) -> None:
    for each in range(number):
        key = each.to_bytes(38, "big")
        await stores.commit(
            AddAccessToken(
                AccessTokenRecord(key=key, client_id="c", grant_id="", expires_at=clock.now() - 1, document=b"{}")
            )
        )


async def test_clean_up_goes_on_until_nothing_expired_is_left() -> None:
    stores, clock = MemoryStores(), ManualClock()
    await expire(1200, stores, clock)
    await clean_up(stores, clock, lease_of(stores, clock))
    assert await stores.access_token((0).to_bytes(38, "big")) is None
    assert await stores.access_token((1199).to_bytes(38, "big")) is None


async def test_keys_rotate_by_hand_only_when_caches_can_know_the_next_ones() -> None:
    clock = ManualClock()
    server = make_server(clock=clock)
    await server.stores.commit(*first_keys(clock.now(), server.vault))
    with pytest.raises(TooSoon):
        await rotate_when_due(server, force=True)
    clock.advance(milliseconds=LEAST_AHEAD_MS)
    assert await rotate_when_due(server, force=True)
    assert {record.state for record in await server.stores.signing_keys()} == {"active", "pending", "retired"}
    assert [row.name for row in await server.stores.audit()] == ["signing_keys.rotated"]
    assert not await rotate_when_due(server)


def test_times_of_use_are_taken_once_and_the_newest_counts() -> None:
    used = LastUsed()
    used.note("a", 1)
    used.note("a", 2)
    used.note("b", 3)
    assert used.take() == [("a", 2), ("b", 3)]
    assert used.take() == []
