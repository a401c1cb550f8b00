"""Slow hashes and what is remembered of them."""

import asyncio

import pytest

from ostiary.keys.passwords import Passwords
from ostiary.secret import Secret
from tests.clocks import ManualClock

pytestmark = pytest.mark.anyio


def passwords(clock: ManualClock | None = None, capacity: int = 10) -> Passwords:
    return Passwords(clock or ManualClock(), time_cost=1, memory_kib=8, capacity=capacity)


async def test_a_password_fits_its_hash_and_no_other() -> None:
    checking = passwords()
    made = await checking.hash(Secret("Sesame-1"))
    assert made.startswith("$argon2id$")
    assert await checking.verify(made, "Sesame-1")
    assert not await checking.verify(made, "Sesame-2")
    assert not await checking.verify("no hash at all", "Sesame-1")


async def test_an_account_that_does_not_exist_never_fits() -> None:
    checking = passwords()
    assert not await checking.verify(None, "")
    assert not await checking.verify(None, "Sesame-1")


async def test_only_successes_are_remembered_and_only_for_a_while() -> None:
    clock = ManualClock()
    checking = passwords(clock)
    made = await checking.hash(Secret("Sesame-1"))
    assert not await checking.verify(made, "wrong")
    assert checking.remembered == 0
    assert await checking.verify(made, "Sesame-1")
    assert checking.remembered == 1
    clock.advance(seconds=61)
    assert await checking.verify(made, "Sesame-1")


async def test_the_memory_is_bounded() -> None:
    checking = passwords(capacity=2)
    for number in range(4):
        made = await checking.hash(Secret(f"Sesame-{number}"))
        assert await checking.verify(made, f"Sesame-{number}")
    assert checking.remembered == 2


async def test_the_same_question_at_the_same_time_is_hashed_once() -> None:
    checking = passwords()
    made = await checking.hash(Secret("Sesame-1"))
    assert not checking.knows(made, "Sesame-1")
    first = asyncio.ensure_future(checking.verify(made, "Sesame-1"))
    await asyncio.sleep(0)
    assert checking.knows(made, "Sesame-1")
    assert not checking.knows(made, "Sesame-2")
    assert all(await asyncio.gather(first, *(checking.verify(made, "Sesame-1") for _ in range(20))))
    assert checking.knows(made, "Sesame-1")
