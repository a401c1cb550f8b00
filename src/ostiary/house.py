"""The house: keeps one immutable `Server` per state of the configuration and makes a new one when something changed.

How changes become visible: a commit that moves the generation raises the node's counter before it is answered, so every
process of the node sees it with its next request. Other nodes are told by the database (NOTIFY) and, as the net below,
read the generation every second. A process that could not read it for five seconds stops trusting what it holds.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

from ostiary.clients.credential_use import CredentialUse
from ostiary.clients.directory import ClientDirectory
from ostiary.keys.passwords import Passwords
from ostiary.keys.ring import KeyRing
from ostiary.keys.vault import Vault
from ostiary.node_counter import NodeCounter
from ostiary.ports.clock import SECOND, Clock
from ostiary.ports.events import Events
from ostiary.ports.limits import Limits
from ostiary.ports.outbound import Outbound
from ostiary.ports.stores import Stores, StoreUnavailable
from ostiary.registration.documents import finder
from ostiary.server import Server
from ostiary.server_settings.objects import build

POLL_SECONDS = 1.0
TRUST_MS = 5 * SECOND
"""How long a process answers from its cache without having read the generation."""
MOST_NOTICES = 1000
SIGNING_KEYS = "signing-keys"
CLIENT = "client"

log = logging.getLogger("ostiary.house")


@dataclass(slots=True, kw_only=True)
class Doors:
    """What the house is built from, the same for every snapshot."""

    stores: Stores
    clock: Clock
    events: Events
    limits: Limits
    vault: Vault
    passwords: Passwords
    counter: NodeCounter
    outbound: Outbound
    issuer: str
    credential_use: CredentialUse = field(default_factory=CredentialUse)
    demo: bool = False


class House:
    """Gives requests their snapshot."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._clients = ClientDirectory(doors.stores)
        self._server: Server | None = None
        self._generation = -1
        self._counted = -1
        self._read_at = -TRUST_MS
        self._catching_up = asyncio.Lock()
        self._noticing: set[asyncio.Task[None]] = set()

    def now(self) -> Server | None:
        """The snapshot, if it is known to be the newest of this node; otherwise ask `current`."""
        if self._counted == self._doors.counter.read() and self._doors.clock.now() - self._read_at < TRUST_MS:
            return self._server
        return None

    async def current(self) -> Server:
        """The newest snapshot; raises `StoreUnavailable` when the store cannot say what is new."""
        server = self.now()
        if server is None:
            await self.catch_up()
            server = self._server
        if server is None:
            raise StoreUnavailable("there is no configuration yet")
        return server

    async def catch_up(self) -> None:
        """Read what changed since the last time, drop it from the caches, and make a new snapshot if need be."""
        async with self._catching_up:
            started = self._doors.clock.now()
            counted = self._doors.counter.read()
            generation = await self._doors.stores.generation()
            if self._server is None:
                await self._make(objects=True)
            elif generation != self._generation:
                await self._obey(generation)
            self._generation = generation
            self._counted = counted  # as it stood before the read: a commit in between is seen with the next request
            self._read_at = started

    async def moved(self) -> None:
        """Called by the stores after a commit that moved the generation, before it is answered."""
        self._doors.counter.bump()
        await self.catch_up()

    async def watch(self) -> None:
        """Read the generation every second, for as long as the process lives."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.catch_up()
            except StoreUnavailable as problem:
                log.warning("the database cannot be read: %s", problem)

    def notice(self) -> None:
        """The database said that another node changed something: catch up soon."""

        async def catch_up() -> None:
            with suppress(StoreUnavailable):
                await self.catch_up()

        task = asyncio.get_running_loop().create_task(catch_up())
        self._noticing.add(task)
        task.add_done_callback(self._noticing.discard)

    async def _obey(self, generation: int) -> None:
        notices = await self._doors.stores.changes_since(self._generation, MOST_NOTICES)
        complete = len(notices) == generation - self._generation
        if not complete:
            self._clients.drop_all()
        kinds = {notice.kind for notice in notices}
        for notice in notices:
            if notice.kind == CLIENT:
                self._clients.drop(notice.id)
        if not complete or kinds - {CLIENT, SIGNING_KEYS}:
            await self._make(objects=True)
        elif SIGNING_KEYS in kinds:
            await self._make(objects=False)

    async def _make(self, *, objects: bool) -> None:
        doors, before = self._doors, self._server
        if objects or before is None:
            settings, built = build(await doors.stores.objects())
            for problem in built.problems:
                log.error("a stored setting was left out: %s", problem)
        else:
            settings, built = before.settings, before.objects
        self._server = Server(
            issuer=doors.issuer,
            settings=settings,
            objects=built,
            clients=self._clients,
            stores=doors.stores,
            clock=doors.clock,
            events=doors.events,
            limits=doors.limits,
            vault=doors.vault,
            keys=KeyRing.open(await doors.stores.signing_keys(), doors.vault, doors.issuer),
            passwords=doors.passwords,
            outbound=doors.outbound,
            credential_use=doors.credential_use,
            demo=doors.demo,
        )
        self._clients.elsewhere = finder(self._server)
