"""One of several processes that race for the same row: `python -m tests.storage_contract.racer URL`.

Says ``ready``, then for every line of JSON that it reads runs the named step many times at once, and answers with the
number of times it won.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from ostiary.ports.changes import (
    AddAccessToken,
    Change,
    Conflict,
    RemoveCode,
    RevokeGrant,
    RollRefreshToken,
    UseCode,
)
from ostiary.ports.stores import Stores
from ostiary.storage import open_stores
from tests.storage_contract.samples import NOW, access_token, key, refresh_token


async def use_code(stores: Stores, name: str, attempt: str) -> bool:
    """Whether we got tokens for the code. Who was too late takes back what the first one got."""
    token = access_token(f"{name}/{attempt}", grant_id=name)
    if await _commit(stores, UseCode(key(name), NOW), AddAccessToken(token)):
        return True
    await _commit(stores, RemoveCode(key(name)), RevokeGrant(name, NOW))
    return False


async def roll(stores: Stores, name: str, attempt: str) -> bool:
    """Whether the token got its child from us."""
    child = replace(refresh_token(f"{name}/{attempt}"), predecessor=key(name))
    return await _commit(
        stores, RollRefreshToken(old=key(name), at=NOW, grace_until=NOW + 9, successor=b"sealed", new=child)
    )


async def take_pushed(stores: Stores, name: str, attempt: str) -> bool:
    """Whether we got the request."""
    return await stores.take_pushed(key(name))


async def use_once(stores: Stores, name: str, attempt: str) -> bool:
    """Whether the id was new."""
    return await stores.use_once("assertion", key(name), NOW)


async def _commit(stores: Stores, *changes: Change) -> bool:
    try:
        await stores.commit(*changes)
    except Conflict:
        return False
    return True


STEPS: dict[str, Callable[[Stores, str, str], Awaitable[bool]]] = {
    step.__name__: step for step in (use_code, roll, take_pushed, use_once)
}


def say(word: object) -> None:
    """Answer the test that started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(url: str, number: str) -> None:
    """Race until the lines end."""
    stores = await open_stores(url)
    await stores.ping()
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        race = json.loads(line)
        step = STEPS[race["step"]]
        tries = (step(stores, race["name"], f"{number}.{n}") for n in range(race["times"]))
        say((await asyncio.gather(*tries)).count(True))
    await stores.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
