"""The databases of the tests: a private PostgreSQL cluster, and migrated databases to copy."""

import asyncio
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from ostiary import storage
from ostiary.storage.sql.sqlite import connect

TEMPLATE = "ostiary_template"
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server that only these tests know, behind a socket in its own folder."""

    folder: Path
    binaries: Path

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.folder))}"

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database as a copy of another; its address."""
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement on a connection of its own."""
        return asyncio.run(_execute(self.url(database), statement))


@contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """Make a cluster, run it, and remove it. Unless `durable`, nothing is synced: nothing here outlives the run."""
    binaries = postgresql_binaries()
    folder = Path(tempfile.mkdtemp(prefix="ostiary-tests-"))
    user = unprivileged_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    try:
        run_as(user, [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
        # A locale of its own order would hide a missing COLLATE: ids are compared byte by byte, whatever it is.
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "max_connections": "100",
            "shared_buffers": "32MB",
            "autovacuum": "off",
            "deadlock_timeout": "100ms",
            "log_min_messages": "fatal",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        server = start_as(user, [binaries / "postgres", "-D", data, *options], folder / "log")
        try:
            wait_until_ready(binaries, folder, server)
            yield Cluster(folder, binaries)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgresql_binaries() -> Path:
    """The folder of the newest installed server. Its absence is a failure: a promise would go untested."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    if installed:
        return installed[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("PostgreSQL is missing: install a server (Debian: apt-get install postgresql)")
    return Path(on_path).resolve().parent


def unprivileged_user() -> pwd.struct_passwd | None:
    """Who runs the cluster: PostgreSQL refuses root. None: we are nobody special ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL needs an unprivileged user: neither 'postgres' nor 'nobody' exists here")


def run_as(user: pwd.struct_passwd | None, command: Sequence[str | Path]) -> None:
    """Run to the end, as this user."""
    identity: dict[str, Any] = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd="/", check=False, **identity)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


def start_as(user: pwd.struct_passwd | None, command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """Start and leave running, as this user."""
    identity: dict[str, Any] = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with log.open("wb") as output:
        return subprocess.Popen(list(map(str, command)), stdout=output, stderr=output, cwd="/", **identity)


def wait_until_ready(binaries: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    end = time.monotonic() + START_SECONDS
    while subprocess.run([binaries / "pg_isready", "-q", "-h", folder], check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
        time.sleep(0.02)


def migrated_sqlite(path: Path) -> Path:
    """An SQLite file with our schema, complete in one file so that it can be copied."""
    storage.migrate(sqlite_url(path))
    with closing(connect(path, 1)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def sqlite_url(path: Path) -> str:
    """The address of an SQLite file."""
    return f"sqlite:///{path}"


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask either database directly, behind the back of the stores."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()
    return [tuple(row) for row in asyncio.run(_execute(url, statement))]


def wipe(url: str) -> None:
    """Back to what `migrate` makes."""
    for table in TABLES:
        query(url, f"DELETE FROM {table}")
    query(url, "UPDATE generation SET value = 0")
    query(url, "UPDATE installation SET key_file = ''")


TABLES = (
    "changes", "clients", "client_uses", "client_search", "credential_uses", "app_versions", "objects", "signing_keys",
    "codes", "access_tokens", "revoked_jwts", "grants", "refresh_tokens", "consents", "replay_keys", "pushed_requests",
    "sessions", "accounts", "audit", "leases", "registrations", "unchecked_sectors", "initial_tokens", "quotas",
)  # fmt: skip


async def _execute(url: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        found: list[Any] = await connection.fetch(statement)
        return found
    finally:
        await connection.close()
