"""The one guarded door through which this server calls others (threat T-30)."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """What is expected at the other end; anything else counts as not found."""

    name: str
    """For the log, in a closed set of words."""
    most_bytes: int
    content_types: frozenset[str]
    """Media types without parameters, in lower case. `*+json` stands for every type with that suffix."""
    least_ms: int
    """How long a document is kept at least, whatever its server says."""
    most_ms: int
    """How long it is kept at most, and when its server says nothing."""


class OutboundFailed(Exception):
    """The document could not be had. Why is for our log alone: a stranger must learn nothing from it."""


class Outbound(Protocol):
    """GET of public documents over https. Addresses that are not public are refused at the moment of dialling, in every
    notation and whatever a name resolves to; redirects are not followed; nothing of ours is sent along.
    """

    async def document(self, url: str, kind: DocumentKind) -> bytes:
        """The document at `url`, from the cache while it is fresh; raises `OutboundFailed`.

        Of any number of callers at once one asks. After a failure nobody asks for a while, which grows.
        """

    async def newer_document(self, url: str, kind: DocumentKind) -> bytes:
        """As `document`, but one kept for more than a minute does not count: for keys not found in it."""

    async def close(self) -> None:
        """Let go of what is open."""


class NoOutbound:
    """A door that does not open: for commands that have no business outside, and for tests."""

    async def document(self, url: str, kind: DocumentKind) -> bytes:
        """Raises `OutboundFailed`."""
        raise OutboundFailed("nothing may be fetched here")

    async def newer_document(self, url: str, kind: DocumentKind) -> bytes:
        """Raises `OutboundFailed`."""
        return await self.document(url, kind)

    async def close(self) -> None:
        """Nothing to let go of."""


_JSON = frozenset({"application/json", "*+json"})
KEY_SET = DocumentKind(name="key set", most_bytes=1 << 17, content_types=_JSON, least_ms=5_000, most_ms=60_000)
"""C032: keys at a ``jwks_uri`` count for a minute."""
SECTOR = DocumentKind(name="sector identifier", most_bytes=1 << 18, content_types=_JSON, least_ms=1_000, most_ms=10_000)
"""OpenID Connect Core §8.1: fetched at each change, and kept only for the length of a burst."""
CLIENT_METADATA = DocumentKind(
    name="client metadata", most_bytes=1 << 15, content_types=_JSON, least_ms=60_000, most_ms=3_600_000
)
"""A client ID metadata document. Its draft asks for 5 kB at least."""
