"""What a running server loads, and what it leaves on the disk."""

import subprocess
import sys
from pathlib import Path

LOADED = """
import asyncio, sys
from ostiary import storage
from ostiary.ports.changes import RemoveSession

async def main(url):
    assert await storage.inspect(url) is storage.SchemaState.CURRENT
    stores = await storage.open_stores(url)
    await stores.ping()
    await stores.commit(RemoveSession(b""))
    await stores.clean_up(0)
    await stores.close()

asyncio.run(main(sys.argv[1]))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded(url: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, url], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    return set(done.stdout.split())


def test_a_server_on_sqlite_loads_only_the_standard_driver(sqlite_url: str) -> None:
    assert not loaded(sqlite_url) & {"sqlalchemy", "alembic", "mako", "asyncpg"}


def test_a_server_on_postgresql_loads_only_its_driver(postgresql_url: str) -> None:
    found = loaded(postgresql_url)
    assert "asyncpg" in found
    assert not found & {"sqlalchemy", "alembic", "mako", "sqlite3"}
