"""A process that writes until it is killed: `python -m tests.storage.killed URL ROUND`. It tells what was answered."""

import asyncio
import sys
from itertools import count

from ostiary.ports.changes import AddAccessToken, AddCode, UseCode
from ostiary.storage import open_stores
from tests.storage_contract.samples import NOW, access_token, code, key


async def main(url: str, round_: str) -> None:
    """Sixteen writers; a name is told the moment the stores answered for it."""
    stores = await open_stores(url)
    numbers = count()

    async def write() -> None:
        for number in numbers:
            name = f"{round_}-{number}"
            await stores.commit(AddCode(code(name)))
            await stores.commit(UseCode(key(name), NOW), AddAccessToken(access_token(name)))
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()

    await asyncio.gather(*(write() for _ in range(16)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
