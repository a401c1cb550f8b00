"""Wiring: the only module that knows every room, and the storage behind the ports."""

import asyncio
import logging
import os
import socket
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ostiary import storage
from ostiary.audit.api_log import ApiLog
from ostiary.audit.recorder import LogFile, Recorder
from ostiary.audit.usage import LastUsed
from ostiary.clock import SystemClock
from ostiary.config import Config, ConfigError, default_issuer
from ostiary.first_start import FirstAccount, Makings, first_start
from ostiary.house import Doors, House
from ostiary.jobs import upkeep
from ostiary.keys.key_file import KeyFile
from ostiary.keys.passwords import Passwords
from ostiary.keys.rotation import first_keys
from ostiary.keys.vault import Vault
from ostiary.limits import TokenBuckets
from ostiary.metrics import Metrics
from ostiary.node_counter import NodeCounter
from ostiary.pages.render import Pages
from ostiary.ports.changes import Change
from ostiary.ports.stores import Stores
from ostiary.tls import mutual_context, server_context
from ostiary.web import admin, legacy_ws, pages, runtime
from ostiary.web.app import Routes, Surface
from ostiary.web.peers import Peers
from ostiary.web.processes import Listening, serve, this_command

DATABASE_RETRY_SECONDS = 0.5
COMMAND_PATIENCE_SECONDS = 60
OPENING_PATIENCE_SECONDS = 2.0
METRICS_SECONDS = 1.0
"""How late a count may show at /metrics."""

log = logging.getLogger("ostiary")


@dataclass(frozen=True, slots=True)
class Role:
    """What a process of the node does."""

    runtime: bool
    administration: bool
    """Also first start, jobs, and telling the operator."""


ALONE = Role(runtime=True, administration=True)
RUNTIME = Role(runtime=True, administration=False)
ADMINISTRATION = Role(runtime=False, administration=True)


Told = Callable[["Node", tuple[FirstAccount, ...]], Awaitable[None]]
"""What is done once the house is open: telling the operator, making the demo's data."""


class Node:
    """Everything one process holds."""

    def __init__(self, config: Config, issuer: str, role: Role) -> None:
        self.config = config
        self.issuer = issuer
        self.role = role
        self.clock = SystemClock()
        self.vault = Vault(KeyFile.read_or_make(config.key_file))
        self.metrics = Metrics(config.data / "metrics")
        self.audit_log = LogFile(config.data / "log" / "audit.log")
        self.api_log = LogFile(config.data / "log" / "runtime-api.log", at_once=True)
        self.api_calls = ApiLog(self.api_log, style=config.log.format, with_headers=config.log.level == "headers")
        self.used = LastUsed()
        self.events = Recorder(self.clock, self.audit_log, self.metrics.count, self.used)
        self.passwords = Passwords(self.clock)
        self.limits = TokenBuckets(self.clock, config.workers)
        self.counter = NodeCounter(config.data / "generation")
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
        )
        self.administration = Surface(
            admin.routes(self.metrics.render, config.metrics_token.reveal(), config.admin_url), peers
        )

    def _runtime_routes(self) -> Routes:
        drawn = Pages(theme=self.config.data / "theme", languages=self.config.data / "languages")
        routes = {**runtime.ROUTES, **pages.routes(drawn), **legacy_ws.routes(self.api_calls, self.clock)}
        if self.config.demo:
            from ostiary.playground import routes as playground  # only the demo has it

            routes |= playground.ROUTES
        return routes

    async def open(self) -> tuple[FirstAccount, ...]:
        """Wait for the database, set up an empty one, and open the house; raises `ConfigError` for what cannot work."""
        await self._wait_for_schema()
        self.stores = await storage.open_stores(self.config.database_url, on_change=self._noticed, on_moved=self._moved)
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
                issuer=self.issuer,
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

    async def keep(self) -> None:
        """Watch for changes and run the jobs, for as long as the process lives."""
        assert self.house is not None
        assert self.stores is not None
        work = [self.house.watch(), self._flush_metrics(), upkeep.note_last_used(self.used, self.stores)]
        if self.role.administration:
            work.append(upkeep.keep(self.house.now, self.stores, self.clock, self.metrics.job_ran))
        await asyncio.gather(*work)

    async def _flush_metrics(self) -> None:
        while True:
            self.metrics.flush()
            await asyncio.sleep(METRICS_SECONDS)

    async def close(self) -> None:
        """Finish what is written and let go."""
        self.metrics.flush()
        if self.stores is not None:
            await self.stores.close()
        self.audit_log.close()
        self.api_log.close()
        self.counter.close()

    async def _wait_for_schema(self) -> None:
        said = False
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
            if state is storage.SchemaState.EMPTY and self.role.administration:
                _, self._first_signing_keys = await asyncio.gather(
                    asyncio.to_thread(set_up_database, self.config),
                    asyncio.to_thread(first_keys, self.clock.now(), self.vault),
                )
                continue
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
    """Run one process until it is told to stop."""
    node = Node(config, issuer, role)
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
        await opening
        await node.keep()

    # Connections wait in the backlog while the house is opened; when that takes long they are told 503 instead.
    opening = asyncio.create_task(ready())
    try:
        await asyncio.wait({opening}, timeout=OPENING_PATIENCE_SECONDS)
        await serve(listening, house)
    finally:
        opening.cancel()
        await node.close()


def hosts_of(config: Config, issuer: str) -> tuple[str, ...]:
    """The names a self-signed certificate is made for: of the issuer, the administration and loopback."""
    names = [urlsplit(url).hostname or "" for url in (issuer, config.admin_url) if url]
    return tuple(dict.fromkeys([*names, "localhost", "127.0.0.1"]))


async def open_for_command(config: Config, told: Callable[[tuple[FirstAccount, ...]], None]) -> Node:
    """A node without ports, for a command on this machine; sets up what is missing, as `serve` would."""
    port = config.runtime_bind.port
    node = Node(config, config.issuer or default_issuer(config, port), ADMINISTRATION)
    try:
        accounts = await asyncio.wait_for(node.open(), COMMAND_PATIENCE_SECONDS)
    except TimeoutError:
        await node.close()
        raise ConfigError("the database does not answer") from None
    if accounts:
        told(accounts)
    return node
