"""Work without a request, under its lease."""

import pytest

from ostiary.audit.usage import LastUsed
from ostiary.jobs.lease import Job, run_once
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

    async def work() -> None:
        ran.append(clock.now())

    job = Job(name="job", every_seconds=60, work=work)
    assert await run_once(job, stores, clock, "a")
    assert not await run_once(job, stores, clock, "b")
    assert await run_once(job, stores, clock, "a")
    clock.advance(seconds=200)
    assert await run_once(job, stores, clock, "b")
    assert len(ran) == 3


async def test_clean_up_goes_on_until_nothing_expired_is_left() -> None:
    stores, clock = MemoryStores(), ManualClock()
    for number in range(1200):
        key = number.to_bytes(38, "big")
        await stores.commit(
            AddAccessToken(
                AccessTokenRecord(key=key, client_id="c", grant_id="", expires_at=clock.now() - 1, document=b"{}")
            )
        )
    await clean_up(stores, clock)
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
