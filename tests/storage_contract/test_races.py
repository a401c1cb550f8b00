"""Two hundred at once, from several processes: every one-time thing has exactly one winner (T-10, T-11, T-12)."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from ostiary.ports.changes import AddCode, AddGrant, AddRefreshToken
from ostiary.ports.stores import Stores
from ostiary.storage import open_stores
from ostiary.storage.memory import MemoryStores
from tests.scale import SCALE
from tests.storage_contract import racer
from tests.storage_contract.conftest import KINDS
from tests.storage_contract.samples import NOW, code, grant, key, refresh_token

pytestmark = pytest.mark.anyio

PROCESSES = 4
TIMES = 50
ROUNDS = SCALE
ATTEMPTS = [str(n) for n in range(PROCESSES * TIMES)]
ATTEMPTS += [f"{process}.{n}" for process in range(PROCESSES) for n in range(TIMES)]
"""The names of all tries, in memory and from several processes."""

Race: TypeAlias = Callable[[str, str], Awaitable[list[int]]]
"""Given a step and the name of a row: how often each process won."""


@contextmanager
def racers(url: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """The processes, all connected and waiting for the word."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.storage_contract.racer", url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(PROCESSES)
    ]
    try:
        assert [answer(process) for process in processes] == ["ready"] * PROCESSES
        yield processes
    finally:
        for process in processes:
            process.communicate()


def answer(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word)
    process.stdin.flush()


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> str | None:
    """A database of this kind; None for the stores in memory."""
    return None if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="module")
async def place(url: str | None, anyio_backend: str) -> AsyncIterator[tuple[Stores, Race]]:
    """A database with the processes that race on it; in memory the racers share this one."""
    if url is None:
        memory = MemoryStores()

        async def here(step: str, name: str) -> list[int]:
            tries = (racer.STEPS[step](memory, name, str(n)) for n in range(PROCESSES * TIMES))
            return [(await asyncio.gather(*tries)).count(True)]

        yield memory, here
        return
    stores = await open_stores(url)
    with racers(url) as processes:

        async def there(step: str, name: str) -> list[int]:
            for process in processes:
                tell(process, json.dumps({"step": step, "name": name, "times": TIMES}) + "\n")
            return [int(answer(process)) for process in processes]

        yield stores, there
    await stores.close()


async def test_of_two_hundred_redemptions_one_gets_tokens_and_the_replays_take_them_back(
    place: tuple[Stores, Race],
) -> None:
    stores, race = place
    for number in range(ROUNDS):
        name = f"c{number}"
        await stores.commit(AddCode(code(name, grant_id=name)))
        assert sum(await race("use_code", name)) == 1
        assert await stores.code(key(name)) is None
        tokens = [await stores.access_token(key(f"{name}/{attempt}")) for attempt in ATTEMPTS]
        assert tokens == [None] * len(ATTEMPTS)


async def test_of_two_hundred_rolls_one_has_a_child(place: tuple[Stores, Race]) -> None:
    stores, race = place
    await stores.commit(AddGrant(grant("g")))
    for number in range(ROUNDS):
        await stores.commit(AddRefreshToken(refresh_token(f"r{number}")))
        assert sum(await race("roll", f"r{number}")) == 1
        children = [await stores.refresh_token(key(f"r{number}/{attempt}")) for attempt in ATTEMPTS]
        assert len([child for child in children if child is not None]) == 1


async def test_of_two_hundred_takers_one_gets_the_pushed_request(place: tuple[Stores, Race]) -> None:
    stores, race = place
    for number in range(ROUNDS):
        await stores.add_pushed(key(f"p{number}"), "shop", NOW, b"{}")
        assert sum(await race("take_pushed", f"p{number}")) == 1


async def test_of_two_hundred_uses_of_an_id_one_is_accepted(place: tuple[Stores, Race]) -> None:
    _, race = place
    for number in range(ROUNDS):
        assert sum(await race("use_once", f"i{number}")) == 1
