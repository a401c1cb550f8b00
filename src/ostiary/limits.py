"""Token buckets, bounded in number and counted per process (the rates are divided by the workers)."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from ostiary.ports.clock import SECOND, Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """How many at once, and how many a second after that."""

    burst: int
    per_second: float


LIMITS = {
    "client-auth": Limit(burst=20, per_second=0.5),
    "client-auth-source": Limit(burst=60, per_second=1.0),
    "sign-on-source": Limit(burst=60, per_second=1.0),
    "sign-on-account": Limit(burst=20, per_second=0.2),
    "service-auth": Limit(burst=20, per_second=0.5),
    "service-auth-source": Limit(burst=40, per_second=1.0),
    "registration-source": Limit(burst=50, per_second=0.5),
    "registration-client": Limit(burst=30, per_second=0.5),
    "registration-auth-source": Limit(burst=40, per_second=1.0),
    "client-document-source": Limit(burst=20, per_second=0.5),
    "admin-auth": Limit(burst=20, per_second=0.5),
    "admin-auth-source": Limit(burst=40, per_second=1.0),
}
"""Failures that may happen before answers become 429, per key of each limit. Of registrations that nobody vouches for,
and of calls by which a client manages its registration, every one counts."""
MOST_KEYS = 50_000
"""Buckets kept per limit; the one not seen for longest is forgotten first."""


class TokenBuckets:
    """The one door for limits that need not survive a restart (see `ports.limits`).

    Keys are kept as short digests: what a stranger sends as a name must not decide how much memory a bucket takes.
    """

    def __init__(self, clock: Clock, workers: int = 1, limits: dict[str, Limit] | None = None) -> None:
        self._clock = clock
        self._limits = {
            name: Limit(max(1, limit.burst // workers), limit.per_second / workers)
            for name, limit in (limits or LIMITS).items()
        }
        self._buckets: dict[str, OrderedDict[bytes, tuple[float, int]]] = {name: OrderedDict() for name in self._limits}

    def allow(self, name: str, key: str) -> bool:
        """Take one; False when the bucket is empty."""
        limit = self._limits.get(name)
        if limit is None:
            return True
        mark = _short(key)
        tokens = self._tokens(name, mark, limit)
        allowed = tokens >= 1
        buckets = self._buckets[name]
        buckets[mark] = (tokens - 1 if allowed else tokens, self._clock.now())
        buckets.move_to_end(mark)
        if len(buckets) > MOST_KEYS:
            buckets.popitem(last=False)
        return allowed

    def peek(self, name: str, key: str) -> bool:
        """Whether `allow` would say yes."""
        limit = self._limits.get(name)
        if limit is None or not self._buckets[name]:
            return True
        mark = _short(key)
        return mark not in self._buckets[name] or self._tokens(name, mark, limit) >= 1

    def refund(self, name: str, key: str) -> None:
        """Put one back."""
        limit = self._limits.get(name)
        mark = _short(key)
        if limit is not None and mark in self._buckets[name]:
            tokens = min(limit.burst, self._tokens(name, mark, limit) + 1)
            self._buckets[name][mark] = (tokens, self._clock.now())

    def _tokens(self, name: str, key: bytes, limit: Limit) -> float:
        known = self._buckets[name].get(key)
        if known is None:
            return limit.burst
        tokens, at = known
        return min(limit.burst, tokens + max(0, self._clock.now() - at) / SECOND * limit.per_second)


def _short(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
