"""Clients by id, from a bounded cache that obeys changes."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from ostiary.clients.client import Client
from ostiary.clients.documents import client_of
from ostiary.ports.stores import Stores

log = logging.getLogger("ostiary.clients")
Elsewhere = Callable[[str], Awaitable[Client | None]]


class ClientDirectory:
    """The `capacity` clients used last, immutable. Unknown ids are not remembered: they cost one read each."""

    __slots__ = ("_capacity", "_clients", "_epoch", "_stores", "elsewhere")

    def __init__(self, stores: Stores, capacity: int = 10_000) -> None:
        self._stores = stores
        self._capacity = capacity
        self._clients: OrderedDict[str, Client] = OrderedDict()
        self._epoch = 0
        self.elsewhere: Elsewhere | None = None
        """Who is asked for an id that nobody registered. What comes from there is not kept here."""

    def peek(self, client_id: str) -> Client | None:
        """The client if it is in the cache, without waiting; None says nothing about the store."""
        client = self._clients.get(client_id)
        if client is not None:
            self._clients.move_to_end(client_id)
        return client

    async def get(self, client_id: str) -> Client | None:
        """The client with exactly this id, enabled or not; raises `StoreUnavailable`."""
        client = self.peek(client_id)
        if client is not None:
            return client
        epoch = self._epoch
        record = await self._stores.client(client_id)
        if record is None:
            return None if self.elsewhere is None else await self.elsewhere(client_id)
        client, problems = client_of(record)
        for problem in problems:
            log.error("client %r: %s: %s", client_id, problem.field, problem.message)
        if epoch == self._epoch:  # else something was dropped meanwhile, and this may be what was there before
            self._remember(client_id, client)
        return client

    def drop(self, client_id: str) -> None:
        """The client changed: forget it, also while it is being read."""
        self._epoch += 1
        self._clients.pop(client_id, None)

    def drop_all(self) -> None:
        """Anything may have changed."""
        self._epoch += 1
        self._clients.clear()

    def __len__(self) -> int:
        return len(self._clients)

    def _remember(self, client_id: str, client: Client) -> None:
        self._clients[client_id] = client
        self._clients.move_to_end(client_id)
        while len(self._clients) > self._capacity:
            self._clients.popitem(last=False)
