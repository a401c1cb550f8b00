"""Registered clients that nobody uses are disabled, and later deleted, if the settings say so (threat T-34)."""

from enum import Enum

from ostiary.audit.events import ClientQuarantined
from ostiary.audit.evidence import commit
from ostiary.client_management import registry
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.documents import client_of
from ostiary.clients.prepared import record_of
from ostiary.clients.registry import ClientChanged, ClientInUse
from ostiary.jobs.lease import Lease
from ostiary.ports.changes import Conflict, SaveClient
from ostiary.ports.clock import DAY
from ostiary.server import Server
from ostiary.server_settings.settings.unused_registrations import UnusedRegistrations

BY = "unused"
CHUNK = 500


class Fate(Enum):
    """What becomes of a client."""

    STAYS = "stays"
    IS_DISABLED = "is disabled"
    GOES = "goes"


def fate(client: Client, last_used_at: int | None, now: int, policy: UnusedRegistrations) -> Fate:
    """Threat T-34: disabled when neither used nor changed for long enough; gone when it stays so for long enough."""
    identity = client.identity
    if not policy.quarantine_days:
        return Fate.STAYS
    touched = max(identity.created_at, identity.modified_at, last_used_at or 0)
    if identity.enabled:
        return Fate.IS_DISABLED if now - touched >= policy.quarantine_days * DAY else Fate.STAYS
    if not identity.quarantined_at or not policy.delete_days:
        return Fate.STAYS
    since = max(identity.quarantined_at, identity.modified_at)
    return Fate.GOES if now - since >= policy.delete_days * DAY else Fate.STAYS


async def quarantine_unused(server: Server | None, lease: Lease) -> None:
    """Look at every client once; raises `LeaseLost`. What administrators made is never touched."""
    if server is None or not server.settings.unused_registrations.quarantine_days:
        return
    async for chunk in server.stores.clients_with_use(CHUNK):
        await lease.hold()
        for record, last_used_at in chunk:
            client = client_of(record)[0]
            what = fate(client, last_used_at, server.clock.now(), server.settings.unused_registrations)
            if what is Fate.STAYS or await server.stores.registration(client.client_id) is None:
                continue
            if what is Fate.GOES:
                await _delete(client, server)
            else:
                await _disable(client, server)


async def _disable(client: Client, server: Server) -> None:
    """Whatever the rules say of its other settings: nobody uses them."""
    now = server.clock.now()
    values = {"identity.enabled": False, "identity.quarantined_at": now, "identity.modified_at": now}
    after = CLIENT_SETTINGS.with_values(client, values).at_version(client.version + 1)
    days = server.settings.unused_registrations.quarantine_days
    try:
        await commit(
            server,
            SaveClient(record_of(after), client.version),
            ClientQuarantined(client_id=client.client_id, unused_days=days),
        )
    except Conflict:
        return  # somebody does something with it, so it is not unused


async def _delete(client: Client, server: Server) -> None:
    clients = registry(server)
    try:
        await clients.store_prepared([clients.prepare_removal(client)], BY)
    except (ClientChanged, ClientInUse):
        return
