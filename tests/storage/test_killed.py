"""`kill -9` at any moment loses nothing that was answered."""

import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.ports.stores import Stores
from ostiary.storage import open_stores
from tests.scale import SCALE
from tests.storage_contract.samples import key

pytestmark = pytest.mark.anyio

ROUNDS = 3 * SCALE
ANSWERS = 60
"""After how many answers the blow falls; the others are under way."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated database."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


def answered_until_killed(url: str, round_: int) -> list[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.killed", url, str(round_)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    names = [process.stdout.readline().strip() for _ in range(ANSWERS + round_)]
    process.kill()
    rest = process.stdout.read().split("\n")  # the last line may be half of one
    process.stdout.close()
    process.wait()
    return names + [name.strip() for name in rest[:-1]]


async def lost(stores: Stores, name: str) -> bool:
    code = await stores.code(key(name))
    token = await stores.access_token(key(name))
    return code is None or code.redeemed_at is None or token is None


async def test_nothing_that_was_answered_is_lost(url: str) -> None:
    stores = await open_stores(url)
    for round_ in range(ROUNDS):
        names = answered_until_killed(url, round_)
        assert len(names) >= ANSWERS
        assert [name for name in names if await lost(stores, name)] == []
    await stores.close()
