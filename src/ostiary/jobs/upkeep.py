"""The regular work of an installation: clean-up, key rotation, the database's own upkeep."""

import asyncio
import os
import socket
from collections.abc import Callable

from ostiary.audit.events import SigningKeysRotated
from ostiary.audit.evidence import commit
from ostiary.audit.usage import LastUsed
from ostiary.clients.credential_use import CredentialUse
from ostiary.jobs.lease import Job, Lease, run
from ostiary.jobs.quarantine import quarantine_unused
from ostiary.keys.rotation import rotate
from ostiary.ports.clock import Clock
from ostiary.ports.stores import Stores, StoreUnavailable
from ostiary.server import Server
from ostiary.tokens.lifetimes import longest_signed_life_ms

CLEAN_UP_SECONDS = 60.0
ROTATION_SECONDS = 600.0
CHECKPOINT_SECONDS = 60.0
LAST_USED_SECONDS = 30.0
UNUSED_SECONDS = 3600.0
BATCH = 500
PAUSE_SECONDS = 0.05


async def keep(
    current: Callable[[], Server | None],
    stores: Stores,
    clock: Clock,
    ran: Callable[[str, float], None],
) -> None:
    """Run the jobs of this node for as long as the process lives."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    jobs = [
        Job(name="clean-up", every_seconds=CLEAN_UP_SECONDS, work=lambda lease: clean_up(stores, clock, lease)),
        Job(name="key-rotation", every_seconds=ROTATION_SECONDS, work=lambda _lease: rotate_when_due(current())),
        Job(
            name="unused-clients",
            every_seconds=UNUSED_SECONDS,
            work=lambda lease: quarantine_unused(current(), lease),
        ),
        Job(name="checkpoint", every_seconds=CHECKPOINT_SECONDS, work=lambda _lease: stores.checkpoint()),
    ]
    await run(jobs, stores, clock, holder, ran)


async def note_last_used(used: LastUsed, credentials: CredentialUse, stores: Stores, clock: Clock) -> None:
    """Write every half minute when clients and their credentials were last used.

    Each process has its own notes, so this needs no lease.
    """
    while True:
        await asyncio.sleep(LAST_USED_SECONDS)
        await write_uses(used, credentials, stores, clock)


async def write_uses(used: LastUsed, credentials: CredentialUse, stores: Stores, clock: Clock) -> None:
    """Write what was noted; what cannot be written now is noted again."""
    by_credential = credentials.take(clock.now())
    by_client = dict(used.take())
    for client_id, _, at in by_credential:
        by_client[client_id] = max(at, by_client.get(client_id, 0))
    try:
        if by_client:
            await stores.last_used(list(by_client.items()))
        if by_credential:
            await stores.credentials_used(by_credential)
    except StoreUnavailable:
        for client_id, at in by_client.items():
            used.note(client_id, at)
        for client_id, credential, at in by_credential:
            credentials.note_other(client_id, credential, at)


async def clean_up(stores: Stores, clock: Clock, lease: Lease) -> None:
    """Remove what has expired, batch by batch, giving way between them; raises `LeaseLost`."""
    while await stores.clean_up(clock.now(), BATCH) >= BATCH:
        await asyncio.sleep(PAUSE_SECONDS)
        await lease.hold()


async def rotate_when_due(
    server: Server | None, *, force: bool = False, at_once: bool = False, by: str = "schedule"
) -> bool:
    """Move the signing keys on when their time has come (or `force`). Returns whether anything moved.

    Raises `TooSoon` when forced before the pending keys were published long enough, unless `at_once`.
    """
    if server is None:
        return False
    records = await server.stores.signing_keys()
    keep_ms = longest_signed_life_ms(server)
    changes = await asyncio.to_thread(
        rotate, records, server.clock.now(), server.vault, force=force, at_once=at_once, keep_ms=keep_ms
    )
    if not changes:
        return False
    await commit(server, *changes, SigningKeysRotated(by=by, kids=tuple(r.kid for r in records)))
    return True
