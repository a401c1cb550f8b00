"""Registration access tokens: who may look at a registered client, change and remove it (RFC 7592 §2, T-38)."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from ostiary.client_auth import Knock, authenticate
from ostiary.client_auth.knock import presented
from ostiary.clients.client import Client
from ostiary.clients.documents import client_of
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import StoredSecret
from ostiary.errors import InvalidClient, InvalidToken, TooManyRequests, Why
from ostiary.parameters import Parameters
from ostiary.ports.records import RegistrationRecord
from ostiary.registration.openings import FAILURES, check_may_try
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.words import ClientAuth

SCHEMA = 1
CLIENT_LIMIT = "registration-client"
"""Threat T-62: each call may write evidence and move the generation."""


class RegistrationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What metadata said and no setting of a client holds; told again in every answer (RFC 7591 §3.2.1)."""

    v: int = SCHEMA
    software_id: str | None = None
    software_version: str | None = None
    software_statement: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A client that may be managed by whoever is asking."""

    client: Client
    record: RegistrationRecord
    token: Secret | None
    """The token that was presented, which answers tell again (RFC 7592 §3); None: the client authenticated instead."""

    @property
    def document(self) -> RegistrationDocument:
        """What else was registered."""
        return read_document(self.record.document)


def new_token() -> tuple[Secret, bytes]:
    """A registration access token, to be shown once, and the digest that is kept."""
    text = secrets.token_urlsafe(32)
    return Secret(text), digest_of(text)


def digest_of(token: str) -> bytes:
    """Threat T-56: what is kept of a token of 256 random bits."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


async def access(client_id: str, authorization: str | None, source: str, server: Server) -> Access:
    """RFC 7592 §2: the client, for whoever may manage it; raises `InvalidToken` alike for every other (threat T-40).

    With S149 it is the client's own authentication that counts, and no token.
    """
    check_may_try(source, server)
    record = await server.stores.registration(client_id)
    stored = await server.stores.client(client_id) if record is not None else None
    client = client_of(stored)[0] if stored is not None else None
    usable = client is not None and client.identity.enabled
    if server.settings.registration.disable_registration_access_tokens:
        allowed = await _authenticates(client if usable else None, client_id, authorization, source, server)
    else:
        allowed = _fits(record, authorization)
    if record is None or client is None or not usable or not allowed:
        server.limits.allow(FAILURES, source)
        raise InvalidToken("the token is not valid for this client", Why(rule="RFC 7592 §2.1"))
    if not server.limits.allow(CLIENT_LIMIT, client_id):
        raise TooManyRequests("too many changes of this registration; wait a little", retry_after_seconds=5)
    bearer = bearer_of(authorization)
    return Access(client, record, None if bearer is None else Secret(bearer))


def _fits(record: RegistrationRecord | None, authorization: str | None) -> bool:
    bearer = bearer_of(authorization)
    if record is None or bearer is None or not record.token:
        return False
    return hmac.compare_digest(record.token, digest_of(bearer))


async def _authenticates(
    client: Client | None, client_id: str, authorization: str | None, source: str, server: Server
) -> bool:
    """Whether the header proves this client, with its current secret: one that was replaced changes nothing (T-20)."""
    if authorization is None:
        return False
    knock = Knock(authorization=authorization, parameters=Parameters.of(), source=source)
    try:
        proven = await authenticate(knock, server)
    except InvalidClient:
        return False
    if client is None or proven.client_id != client_id or proven.authentication.method is ClientAuth.NONE:
        return False
    return await is_current_secret(client, presented(knock).secret, server)


async def is_current_secret(client: Client, text: str, server: Server) -> bool:
    """Whether a text is the client's secret, and not one that it had before."""
    secret = client.authentication.secret
    if not isinstance(secret, StoredSecret):
        return False
    return await SecretKeeper(server.vault, server.passwords).fits(secret, text, client.client_id)


def bearer_of(authorization: str | None) -> str | None:
    """RFC 6750 §2.1: the token of a header, or None."""
    scheme, _, credentials = (authorization or "").partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


def read_document(document: bytes) -> RegistrationDocument:
    """What was stored; nothing of one that cannot be read (threat T-64)."""
    try:
        return msgspec.json.decode(document, type=RegistrationDocument)
    except msgspec.MsgspecError:
        return RegistrationDocument()


def changed(record: RegistrationRecord, *, token: bytes | None, document: RegistrationDocument) -> RegistrationRecord:
    """The record with another document and, unless None, another token."""
    kept = record.token if token is None else token
    return replace(record, token=kept, document=msgspec.json.encode(document))
