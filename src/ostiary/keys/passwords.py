"""Passwords and chosen secrets: argon2id in a small pool of threads, and a cache of what was verified a moment ago.

The cache is bounded (10,000 entries, 60 s by default), keyed by an HMAC under a key of this process alone, and holds
only successes: a wrong guess always costs the full hash, and is throttled by the caller. The same text asked about by
many at once is hashed once.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ostiary.keys import foreign_hashes
from ostiary.ports.clock import SECOND, Clock
from ostiary.secret import Secret


class Passwords:
    """Makes and checks slow hashes without holding up the loop."""

    __slots__ = ("_capacity", "_clock", "_decoy", "_hasher", "_key", "_lifetime_ms", "_pool", "_running", "_verified")

    def __init__(
        self,
        clock: Clock,
        *,
        time_cost: int = 3,
        memory_kib: int = 64 * 1024,
        capacity: int = 10_000,
        lifetime_ms: int = 60 * SECOND,
    ) -> None:
        self._clock = clock
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
        self._capacity = capacity
        self._lifetime_ms = lifetime_ms
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, int] = OrderedDict()
        self._running: dict[bytes, asyncio.Future[bool]] = {}
        self._decoy: str | None = None

    async def hash(self, password: Secret) -> str:
        """An argon2id hash in its usual text form."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, password.reveal())

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether `password` fits, by the scheme that the hash says.

        With None (an account that does not exist) it costs the same and is False.
        """
        mark = self._mark(password_hash, password)
        if password_hash is not None and self._is_remembered(mark):
            return True
        running = self._running.get(mark)
        if running is None:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._pool, self._fits, password_hash, password)
            self._running[mark] = running
            running.add_done_callback(lambda _: self._running.pop(mark, None))
        fits = await asyncio.shield(running)
        if fits:
            self._remember(mark)
        return fits

    def knows(self, password_hash: str, password: str) -> bool:
        """Whether `verify` would cost no hash: it said yes a moment ago, or is at this very question now."""
        mark = self._mark(password_hash, password)
        return mark in self._running or self._is_remembered(mark)

    def _mark(self, password_hash: str | None, password: str) -> bytes:
        said = (password_hash or "").encode() + b"\0" + password.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, sha256)

    def _is_remembered(self, mark: bytes) -> bool:
        until = self._verified.get(mark)
        return until is not None and until > self._clock.now()

    def _fits(self, password_hash: str | None, password: str) -> bool:
        if password_hash is None:
            if self._decoy is None:
                self._decoy = self._hasher.hash(secrets.token_urlsafe())
            checked = self._decoy
        else:
            checked = password_hash
        if not checked.startswith("$argon2"):
            return foreign_hashes.fits(checked, password)
        try:
            return self._hasher.verify(checked, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    def _remember(self, mark: bytes) -> None:
        self._verified[mark] = self._clock.now() + self._lifetime_ms
        self._verified.move_to_end(mark)
        while len(self._verified) > self._capacity:
            self._verified.popitem(last=False)

    @property
    def remembered(self) -> int:
        """How many verified pairs are remembered, expired ones included."""
        return len(self._verified)
