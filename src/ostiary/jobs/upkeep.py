"""The regular work of an installation: clean-up, key rotation, the database's own upkeep."""

import asyncio
import os
import socket
from collections.abc import Callable

from ostiary.audit.events import SigningKeysRotated
from ostiary.audit.evidence import commit
from ostiary.audit.usage import LastUsed
from ostiary.jobs.lease import Job, Lease, run
from ostiary.keys.rotation import rotate
from ostiary.ports.clock import Clock
from ostiary.ports.stores import Stores, StoreUnavailable
from ostiary.server import Server
from ostiary.tokens.lifetimes import longest_signed_life_ms

CLEAN_UP_SECONDS = 60.0
ROTATION_SECONDS = 600.0
CHECKPOINT_SECONDS = 60.0
LAST_USED_SECONDS = 30.0
BATCH = 500
PAUSE_SECONDS = 0.05


async def keep(
    current: Callable[[], Server | None], stores: Stores, clock: Clock, ran: Callable[[str, float], None]
) -> None:
    """Run the jobs of this node for as long as the process lives."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    jobs = [
        Job(name="clean-up", every_seconds=CLEAN_UP_SECONDS, work=lambda lease: clean_up(stores, clock, lease)),
        Job(name="key-rotation", every_seconds=ROTATION_SECONDS, work=lambda _lease: rotate_when_due(current())),
        Job(name="checkpoint", every_seconds=CHECKPOINT_SECONDS, work=lambda _lease: stores.checkpoint()),
    ]
    await run(jobs, stores, clock, holder, ran)


async def note_last_used(used: LastUsed, stores: Stores) -> None:
    """Write every half minute when clients were last used. Each process has its own notes, so this needs no lease."""
    while True:
        await asyncio.sleep(LAST_USED_SECONDS)
        seen = used.take()
        try:
            if seen:
                await stores.last_used(seen)
        except StoreUnavailable:
            for client_id, at in seen:
                used.note(client_id, at)


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
