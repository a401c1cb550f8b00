"""Documents from outside, kept for a while: bounded in number and bytes, asked for once however many want them.

A failure is kept too, never as a success: whoever asks again meanwhile is told so at once, and each further failure
doubles the wait. So nobody can make this server knock at somebody else's door again and again.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from ostiary.outbound.door import Door, Fetched
from ostiary.ports.clock import MINUTE, SECOND, Clock
from ostiary.ports.outbound import DocumentKind, OutboundFailed

MOST_DOCUMENTS = 1000
MOST_BYTES = 16 << 20
"""Of all documents together; the one not used for longest goes first."""
FIRST_WAIT_MS = SECOND
LONGEST_WAIT_MS = MINUTE
ANEW_AFTER_MS = MINUTE
"""C032: how often a document is fetched again before its time, because a key was not in it."""

log = logging.getLogger("ostiary.outbound")


@dataclass(slots=True)
class _Entry:
    body: bytes | None = None
    fetched_at: int = 0
    fresh_until: int = 0
    failures: int = 0
    wait_until: int = 0
    reason: str = ""


@dataclass(slots=True)
class Documents:
    """The door with its cache: what `ports.outbound` promises."""

    door: Door
    clock: Clock
    most_documents: int = MOST_DOCUMENTS
    most_bytes: int = MOST_BYTES
    _entries: OrderedDict[tuple[str, str], _Entry] = field(default_factory=OrderedDict)
    _asking: dict[tuple[str, str], "asyncio.Task[bytes]"] = field(default_factory=dict)
    _bytes: int = 0

    async def document(self, url: str, kind: DocumentKind) -> bytes:
        """The document, kept or fetched; raises `OutboundFailed`."""
        return await self._get(url, kind, since=None)

    async def newer_document(self, url: str, kind: DocumentKind) -> bytes:
        """The document as it was within the last minute; raises `OutboundFailed`."""
        return await self._get(url, kind, since=self.clock.now() - ANEW_AFTER_MS)

    async def close(self) -> None:
        """Let go of what is open."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self.door.close()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """The bytes of all documents that are kept."""
        return self._bytes

    async def _get(self, url: str, kind: DocumentKind, since: int | None) -> bytes:
        key = (kind.name, url)
        entry = self._entries.get(key)
        now = self.clock.now()
        if entry is not None:
            self._entries.move_to_end(key)
            if entry.body is not None and now < entry.fresh_until and (since is None or entry.fetched_at > since):
                return entry.body
            if now < entry.wait_until:
                raise OutboundFailed(f"{entry.reason} (not asked again yet)")
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key, url, kind))
            task.add_done_callback(lambda done: self._asked(key, done))
        return await asyncio.shield(task)  # whoever stops waiting does not take the others with them

    def _asked(self, key: tuple[str, str], task: "asyncio.Task[bytes]") -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # it was logged; there may be nobody left who waits for it

    async def _ask(self, key: tuple[str, str], url: str, kind: DocumentKind) -> bytes:
        try:
            found = await self.door.fetch(url, kind)
        except OutboundFailed as failed:
            self._failed(key, str(failed))
            log.warning("%s at %r: %s", kind.name, url[:200], failed)
            raise
        self._keep(key, found, kind)
        return found.body

    def _keep(self, key: tuple[str, str], found: Fetched, kind: DocumentKind) -> None:
        now = self.clock.now()
        wished = kind.most_ms if found.max_age_ms is None else found.max_age_ms
        fresh_ms = min(max(wished, kind.least_ms), kind.most_ms)
        self._put(key, _Entry(body=found.body, fetched_at=now, fresh_until=now + fresh_ms))

    def _failed(self, key: tuple[str, str], reason: str) -> None:
        before = self._entries.get(key) or _Entry()
        failures = before.failures + 1
        wait_ms = min(FIRST_WAIT_MS << min(failures - 1, 16), LONGEST_WAIT_MS)
        now = self.clock.now()
        kept = replace(before) if now < before.fresh_until else _Entry()  # a fresh one counts until its time
        kept.failures, kept.wait_until, kept.reason = failures, now + wait_ms, reason[:200]
        self._put(key, kept)

    def _put(self, key: tuple[str, str], entry: _Entry) -> None:
        before = self._entries.pop(key, None)
        self._bytes += len(entry.body or b"") - (len(before.body or b"") if before else 0)
        self._entries[key] = entry
        while len(self._entries) > self.most_documents or self._bytes > self.most_bytes:
            _, gone = self._entries.popitem(last=False)
            self._bytes -= len(gone.body or b"")
