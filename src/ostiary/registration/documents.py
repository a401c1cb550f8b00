"""Client ID metadata documents: a client whose id is the https URL of its own metadata; nothing of it is stored.

An administrator turns this on. A client of the same id that was registered stands above its document. Documents come
through the outbound door, with its cache and its bounds (threat T-32).
"""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary.audit.request import current_request
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.directory import Elsewhere
from ostiary.clients.rules import check
from ostiary.clients.sectors import Unreachable, sector_problems
from ostiary.declare.urls import split, url_objections
from ostiary.errors import OAuthError
from ostiary.keys.jws import BadToken, decode_object
from ostiary.ports.outbound import CLIENT_METADATA, OutboundFailed
from ostiary.registration import policies
from ostiary.registration.candidate import Candidate, Occasion, read
from ostiary.registration.defaults import with_defaults
from ostiary.registration.policies.allowed_hosts import host_is_listed, host_of
from ostiary.registration.refusals import refusal_of
from ostiary.server import Server
from ostiary.server_settings.facts import facts
from ostiary.server_settings.settings.client_documents import ClientDocuments
from ostiary.words import ClientAuth, GrantType

MOST_ID_CHARACTERS = 256
MOST_CLIENTS = 1000
"""Read and judged, per process; the one not used for longest is forgotten first."""
SOURCE_LIMIT = "client-document-source"
"""Look-ups that led to no client, per source: nobody may make us call others without end."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_METHODS = frozenset({ClientAuth.NONE, ClientAuth.PRIVATE_KEY_JWT})
_GRANTS = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})
_SECRETS = ("client_secret", "client_secret_expires_at")

log = logging.getLogger("ostiary.registration")


class NoSuchDocument(Exception):
    """There is no client at this URL. Why is for the log."""


def finder(server: Server) -> Elsewhere | None:
    """Finds clients by the settings of this snapshot; None while an administrator has not turned this on."""
    return DocumentClients(server).find if server.settings.client_documents.enabled else None


@dataclass(slots=True)
class DocumentClients:
    """The clients of one snapshot. The same document gives the same client, as long as it is remembered."""

    server: Server
    most: int = MOST_CLIENTS
    _known: "OrderedDict[str, tuple[bytes, Client]]" = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._known)

    async def find(self, client_id: str) -> Client | None:
        """The client whose metadata lie at this URL; None for every other id."""
        if not client_id.startswith("https://"):
            return None
        try:
            check_url(client_id, self.server.settings.client_documents)
            return await self._found(client_id)
        except (NoSuchDocument, OutboundFailed) as why:
            log.warning("no client at %r: %s", client_id[:MOST_ID_CHARACTERS], why)
            return None

    async def _found(self, url: str) -> Client:
        known = self._known.get(url)
        source = _source()
        if known is None and not self.server.limits.allow(SOURCE_LIMIT, source):
            raise NoSuchDocument(f"too many look-ups in vain from {source}")
        body = await self.server.outbound.document(url, CLIENT_METADATA)
        if known is not None and known[0] == body:
            self._known.move_to_end(url)
            return known[1]
        client = await client_of(url, body, source, self.server)
        if known is None:
            self.server.limits.refund(SOURCE_LIMIT, source)
        self._known[url] = (body, client)
        self._known.move_to_end(url)
        if len(self._known) > self.most:
            self._known.popitem(last=False)
        return client


def check_url(url: str, settings: ClientDocuments) -> None:
    """The draft's section on client identifiers: https, a path, nothing that reads in two ways; and a host we take."""
    if len(url) > MOST_ID_CHARACTERS or not url.isascii():
        raise NoSuchDocument("the URL is too long or not ASCII")
    for objection in url_objections(url, schemes=frozenset({"https"})):
        raise NoSuchDocument(f"the URL {objection}")
    _, authority, path, query, fragment = split(url)
    if path in ("", "/") or query is not None or fragment is not None or "*" in url:
        raise NoSuchDocument("the URL must have a path, and no query, fragment or star")
    if any(segment.lower().replace("%2e", ".") in (".", "..") for segment in path.split("/")):
        raise NoSuchDocument("the path has dot segments")
    host = host_of(authority or "")
    if host_is_listed(host, frozenset(one.lower() for one in settings.denied_hosts)):
        raise NoSuchDocument("the host is denied")
    allowed = frozenset(one.lower() for one in settings.allowed_hosts)
    if allowed and not host_is_listed(host, allowed):
        raise NoSuchDocument("the host is not allowed")


async def client_of(url: str, body: bytes, source: str, server: Server) -> Client:
    """The client that a document describes; raises `NoSuchDocument`."""
    metadata = _metadata(url, body)
    settings = server.settings
    named = CLIENT_SETTINGS.with_values(Client(), {"identity.client_id": url})
    base = with_defaults(named, settings.registration, server.objects)
    candidate = Candidate(
        occasion=Occasion.DOCUMENT,
        metadata=metadata,
        draft=read(metadata, base, settings, is_gated=False),
        base=base,
        settings=settings,
        source=source,
        vouched_by="",
    )
    try:
        draft = (await policies.judged(candidate, server)).draft
        _check_rules(draft, server)
        if any(await sector_problems(draft.value, server.outbound, Unreachable.REFUSE)):
            raise NoSuchDocument("the sector document does not list what it should")
    except OAuthError as refused:
        raise NoSuchDocument(refused.description) from None
    for objection in objections(draft.value, url):
        raise NoSuchDocument(objection)
    # Nobody vouches for it, and it has no secret: what proves that it is the same who asks and who redeems is PKCE.
    return CLIENT_SETTINGS.with_values(draft.value, {"requests.require_pkce": True})


def objections(client: Client, url: str) -> Iterator[str]:
    """What a client that only a URL stands for cannot have: shared secrets, other grants, foreign redirect URIs."""
    if client.authentication.method not in _METHODS:
        yield "a client without registration has no secret or certificate to authenticate with"
    if not client.grants.allowed <= _GRANTS:
        yield "only the authorization code and refresh token grants are open to it"
    own = split(url)[:2]
    for uri in client.redirection.redirect_uris:
        scheme, authority, _, _, _ = split(uri)
        on_this_device = scheme == "http" and host_of(authority or "") in LOOPBACK
        if not on_this_device and (scheme, (authority or "").lower()) != (own[0], (own[1] or "").lower()):
            yield "redirect URIs lead to the host of the document, or to the person's own device"


def _metadata(url: str, body: bytes) -> Mapping[str, Any]:
    try:
        metadata = decode_object(body)
    except BadToken:
        raise NoSuchDocument("the document is no JSON object, or says something twice") from None
    if metadata.get("client_id") != url:
        raise NoSuchDocument("client_id of the document is not its own URL")
    if any(name in metadata for name in _SECRETS):
        raise NoSuchDocument("the document holds a secret, which everybody can read")
    return {"token_endpoint_auth_method": "none", **metadata}


def _check_rules(draft: ClientDraft, server: Server) -> None:
    problems = [*draft.problems, *check(draft.value, facts(server.settings, server.objects))]
    if any(not problem.warning for problem in problems):
        raise refusal_of(problems)


def _source() -> str:
    current = current_request.get(None)
    return current.source if current is not None else ""
