"""Wiring: the only module that knows every room, and the storage behind the ports."""

import asyncio
import gc
import logging
import os
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ostiary import storage
from ostiary.audit.api_log import ApiLog
from ostiary.audit.recorder import LogFile, Recorder
from ostiary.audit.usage import LastUsed
from ostiary.clients.credential_use import CredentialUse
from ostiary.clock import SystemClock
from ostiary.config import Config, ConfigError, default_issuer
from ostiary.first_start import FirstAccount, Makings, first_start
from ostiary.house import Doors, House
from ostiary.jobs import upkeep
from ostiary.keys.key_file import KeyFile, KeyFileError
from ostiary.keys.passwords import Passwords
from ostiary.keys.rotation import first_keys
from ostiary.keys.vault import Vault
from ostiary.limits import TokenBuckets
from ostiary.metrics import Metrics
from ostiary.node_counter import NodeCounter
from ostiary.outbound.documents import Documents
from ostiary.outbound.door import Door
from ostiary.pages.render import Pages
from ostiary.ports.changes import Change
from ostiary.ports.stores import Stores, StoreUnavailable
from ostiary.tls import mutual_context, server_context
from ostiary.web import admin, legacy_ws, pages, portal_api, protected_resources, registration, runtime
from ostiary.web.admin_api import api_docs
from ostiary.web.admin_api import surface as admin_api
from ostiary.web.app import Routes, Surface
from ostiary.web.peers import Peers
from ostiary.web.processes import GRACE_SECONDS, Listening, serve, this_command, told_to_stop

DATABASE_RETRY_SECONDS = 0.5
COMMAND_PATIENCE_SECONDS = 60
OPENING_PATIENCE_SECONDS = 2.0
SQLITE_ATTEMPTS = 10
"""A file that can still not be opened then is none, or lies where it cannot be read."""
GC_THRESHOLDS = (10_000, 20, 20)
"""Nearly nothing of a request is part of a circle; looking for some every 700 objects costs one part in a hundred."""
METRICS_SECONDS = 1.0
"""How late a count may show at /metrics."""

log = logging.getLogger("ostiary")


@dataclass(frozen=True, slots=True)
class Role:
    """What a process of the node does."""

    runtime: bool
    administration: bool
    """Also first start, jobs, and telling the operator."""
    at_command: bool = False
    """Without ports and jobs, for one command."""

    @property
    def sets_up(self) -> bool:
        """Whether it makes what is missing, or works with a process that does."""
        return self.administration or not self.at_command


ALONE = Role(runtime=True, administration=True)
RUNTIME = Role(runtime=True, administration=False)
ADMINISTRATION = Role(runtime=False, administration=True)
COMMAND = Role(runtime=False, administration=True, at_command=True)
LOOK = Role(runtime=False, administration=False, at_command=True)
"""A command that leaves a data folder without an installation as it is."""


class NotInstalled(Exception):
    """There is no installation to look at."""

    def __init__(self) -> None:
        super().__init__("nothing is installed here; run `ostiary serve` once")


Told = Callable[["Node", tuple[FirstAccount, ...]], Awaitable[None]]
"""What is done once the house is open: telling the operator, making the demo's data."""


class Node:
    """Everything one process holds."""

    def __init__(self, config: Config, issuer: str, role: Role) -> None:
        self.config = config
        self.issuer = issuer
        self.role = role
        self.clock = SystemClock()
        with usable(config.data):
            read = KeyFile.read_or_make if role.sets_up else KeyFile.read
            self.vault = Vault(read(config.key_file))
            self.metrics = Metrics(config.data / "metrics")
            self.audit_log = LogFile(config.data / "log" / "audit.log")
            self.api_log = LogFile(config.data / "log" / "runtime-api.log", at_once=True)
            self.admin_log = LogFile(config.data / "log" / "admin-api.log", at_once=True)
            self.counter = NodeCounter(config.data / "generation")
        self.api_calls, self.admin_calls = (
            ApiLog(file, style=config.log.format, with_headers=config.log.level == "headers")
            for file in (self.api_log, self.admin_log)
        )
        self.used = LastUsed()
        self.credential_use = CredentialUse()
        self.events = Recorder(self.clock, self.audit_log, self.metrics.count, self.used)
        self.passwords = Passwords(self.clock)
        self.limits = TokenBuckets(self.clock, config.workers)
        self.outbound = Documents(Door(allowed=config.outbound_allow, authorities=config.outbound_ca), self.clock)
        self.house: House | None = None
        self.stores: Stores | None = None
        self._first_signing_keys: tuple[Change, ...] = ()
        peers = Peers(config.trusted_proxies)
        path = urlsplit(issuer).path
        self.runtime = Surface(
            self._runtime_routes(),
            peers,
            base_path=path,
            published=runtime.PUBLISHED,
            outside=runtime.beside(path) if path else None,
            is_off=runtime.is_off,
        )
        interfaces = {
            **admin_api.routes(self.admin_calls, self.clock),
            **api_docs.routes(),
            **portal_api.routes(self.admin_calls, self.clock),
        }
        self.administration = Surface(
            admin.routes(self.metrics.render, config.metrics_token.reveal(), config.admin_url, interfaces), peers
        )

    def _runtime_routes(self) -> Routes:
        drawn = Pages(theme=self.config.data / "theme", languages=self.config.data / "languages")
        routes = {
            **runtime.ROUTES,
            **registration.ROUTES,
            **protected_resources.ROUTES,
            **pages.routes(drawn),
            **legacy_ws.routes(self.api_calls, self.clock),
        }
        if self.config.demo:
            from ostiary.playground import routes as playground  # only the demo has it

            routes |= playground.ROUTES
        return routes

    async def open(self) -> tuple[FirstAccount, ...]:
        """Wait for the database, set up an empty one, and open the house.

        Raises `ConfigError` for what cannot work, `NotInstalled` when there is nothing to look at.
        """
        await self._wait_for_schema()
        self.stores = await storage.open_stores(self.config.database_url, on_change=self._noticed, on_moved=self._moved)
        if not self.role.sets_up and not await self.stores.objects():
            raise NotInstalled
        await check_key_file(self.stores, self.vault)
        accounts: tuple[FirstAccount, ...] = ()
        if self.role.administration:
            accounts = await first_start(
                Makings(
                    self.config,
                    self.stores,
                    self.clock,
                    self.vault,
                    self.passwords,
                    self.events,
                    self._first_signing_keys,
                    warns=not self.role.at_command,
                )
            )
        while not await self.stores.objects():  # noqa: ASYNC110 - another process is making them
            await asyncio.sleep(DATABASE_RETRY_SECONDS / 5)
        house = House(
            Doors(
                stores=self.stores,
                clock=self.clock,
                events=self.events,
                limits=self.limits,
                vault=self.vault,
                passwords=self.passwords,
                counter=self.counter,
                outbound=self.outbound,
                issuer=self.issuer,
                credential_use=self.credential_use,
                demo=self.config.demo,
            )
        )
        await house.catch_up()
        self.house = house
        return accounts

    def answer(self) -> None:
        """Let the ports answer: from here on the heartbeat says OK."""
        assert self.house is not None
        self.runtime.house = self.administration.house = self.house
        gc.collect()
        gc.freeze()  # what is here now stays, so nobody need look through it again and again
        gc.set_threshold(*GC_THRESHOLDS)

    async def keep(self) -> None:
        """Watch for changes and run the jobs, for as long as the process lives."""
        assert self.house is not None
        assert self.stores is not None
        work = [self.house.watch(), self._flush_metrics(), self._note_uses()]
        if self.role.administration:
            work.append(upkeep.keep(self.house.now, self.stores, self.clock, self.metrics.job_ran))
        await asyncio.gather(*work)

    async def _note_uses(self) -> None:
        assert self.stores is not None
        await upkeep.note_last_used(self.used, self.credential_use, self.stores, self.clock)

    async def _flush_metrics(self) -> None:
        while True:
            self.metrics.flush()
            await asyncio.sleep(METRICS_SECONDS)

    async def close(self) -> None:
        """Finish what is written and let go."""
        self.metrics.flush()
        await self.outbound.close()
        if self.stores is not None:
            await self.stores.close()
        self.audit_log.close()
        self.api_log.close()
        self.admin_log.close()
        self.counter.close()

    async def _wait_for_schema(self) -> None:
        said, attempts = False, 0
        while True:
            state = await storage.inspect(self.config.database_url)
            if state is storage.SchemaState.CURRENT:
                return
            if state is storage.SchemaState.OLDER:
                raise ConfigError(
                    "the database has the schema of an older version: run `ostiary migrate`, then start again"
                )
            if state is storage.SchemaState.NEWER:
                raise ConfigError(
                    "the database has the schema of a newer version than this program: update the program"
                )
            if state is storage.SchemaState.EMPTY and not self.role.sets_up:
                raise NotInstalled
            if state is storage.SchemaState.EMPTY and self.role.administration:
                _, self._first_signing_keys = await asyncio.gather(
                    asyncio.to_thread(set_up_database, self.config),
                    asyncio.to_thread(first_keys, self.clock.now(), self.vault),
                )
                continue
            attempts += state is storage.SchemaState.UNREACHABLE
            if attempts == SQLITE_ATTEMPTS and self.config.database_url.startswith("sqlite:"):
                raise ConfigError(
                    f"the SQLite database cannot be opened: {self.config.database_url.removeprefix('sqlite:///')};"
                    " restore it from a backup, or give OSTIARY_DATABASE_URL"
                )
            if not said and state is storage.SchemaState.UNREACHABLE:
                log.warning("the database does not answer yet; waiting for it")
                said = True
            await asyncio.sleep(DATABASE_RETRY_SECONDS)

    def _noticed(self) -> None:
        if self.house is not None:
            self.house.notice()

    async def _moved(self) -> None:
        if self.house is None:
            self.counter.bump()
        else:
            await self.house.moved()


@contextmanager
def usable(data: Path) -> Iterator[None]:
    """What is done with the data folder or the key file fails as `ConfigError`, with what to do."""
    try:
        yield
    except KeyFileError as problem:
        raise ConfigError(f"{problem} (OSTIARY_KEY_FILE)") from None
    except OSError as problem:
        where = f" ({problem.filename})" if problem.filename else ""
        raise ConfigError(
            f"the data folder {data} cannot be used: {problem.strerror}{where};"
            " give OSTIARY_DATA a folder that this user may write to"
        ) from None


def set_up_database(config: Config) -> None:
    """Make the schema in a process of its own, so that this one never holds what only migrations need."""
    done = subprocess.run(  # noqa: S603 - our own program, with our own words
        this_command("migrate", "--quiet", "--data", str(config.data)),
        env=environment_of(config, config.issuer),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ConfigError(f"the database could not be set up: {done.stderr.strip() or done.stdout.strip()}")
    if done.stderr.strip():
        log.warning("%s", done.stderr.strip())


async def check_key_file(stores: Stores, vault: Vault) -> None:
    """Refuse to work with another database's key file; an unmarked database is marked with this one."""
    if await stores.key_file(vault.fingerprint()) != vault.fingerprint():
        raise ConfigError(
            "this key file is not the one of this database: give OSTIARY_KEY_FILE the file that it was made with"
        )


def environment_of(config: Config, issuer: str) -> dict[str, str]:
    """The environment that makes another process of this program read the same configuration."""
    given = {
        "OSTIARY_DATA": str(config.data),
        "OSTIARY_KEY_FILE": str(config.key_file),
        "OSTIARY_DATABASE_URL": config.database_url,
        "OSTIARY_ISSUER": issuer,
    }
    return {**os.environ, **{name: value for name, value in given.items() if value}}


async def main(config: Config, issuer: str, role: Role, sockets: dict[str, socket.socket], told: Told) -> None:
    """Run one process until it is told to stop, which may be before it serves."""
    stop = told_to_stop()
    node = Node(config, issuer, role)
    with usable(config.data):
        context = server_context(config, hosts_of(config, issuer))
    listening = []
    if role.runtime:
        listening.append(Listening(node.runtime, sockets["runtime"], context))
        if "mtls" in sockets:
            mutual = mutual_context(config, hosts_of(config, issuer), ())
            listening.append(Listening(node.runtime, sockets["mtls"], mutual, asks_for_certificates=True))
    if role.administration:
        listening.append(Listening(node.administration, sockets["admin"], context))

    async def ready() -> None:
        await told(node, await node.open())  # before anybody is answered, so that the demo's data is there by then
        node.answer()

    async def house() -> None:
        await asyncio.shield(opening)
        await node.keep()

    # Connections wait in the backlog while the house is opened; when that takes long they are told 503 instead.
    opening, stopping = asyncio.create_task(ready()), asyncio.create_task(stop.wait())
    try:
        first = {opening, stopping}
        await asyncio.wait(first, timeout=OPENING_PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
        if not stop.is_set():
            await serve(listening, house, stop)
    finally:
        stopping.cancel()
        await _end(opening, node)


async def _end(opening: asyncio.Task[None], node: Node) -> None:
    """Stop waiting for the database. What is being made is finished: the password of an account made is shown once."""
    if node.stores is not None:
        await asyncio.wait({opening}, timeout=GRACE_SECONDS)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await node.close()


def hosts_of(config: Config, issuer: str) -> tuple[str, ...]:
    """The names a self-signed certificate is made for: of the issuer, the administration and loopback."""
    names = [urlsplit(url).hostname or "" for url in (issuer, config.admin_url) if url]
    return tuple(dict.fromkeys([*names, "localhost", "127.0.0.1"]))


async def open_for_command(config: Config, told: Callable[[tuple[FirstAccount, ...]], None], *, sets_up: bool) -> Node:
    """A node without ports, for a command on this machine. With `sets_up` it makes what is missing, as `serve` would.

    Raises `ConfigError`, `StoreUnavailable`, and `NotInstalled` when there is nothing and nothing is to be set up.
    """
    if not sets_up and await storage.inspect(config.database_url) is storage.SchemaState.EMPTY:
        raise NotInstalled
    issuer = config.issuer or default_issuer(config, config.runtime_bind.port)
    node = Node(config, issuer, COMMAND if sets_up else LOOK)
    try:
        accounts = await asyncio.wait_for(node.open(), COMMAND_PATIENCE_SECONDS)
    except TimeoutError:
        await node.close()
        raise StoreUnavailable("the database does not answer") from None
    except BaseException:
        await node.close()
        raise
    if accounts:
        told(accounts)
    return node
