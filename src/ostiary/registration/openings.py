"""Who may register: anybody, or whoever brings a token that opens the door (S110, RFC 7591 §3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ostiary.errors import InsufficientScope, InvalidToken, TooManyRequests, Why
from ostiary.ports.changes import UseInitialToken
from ostiary.ports.records import InitialTokenRecord
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.scopes import within
from ostiary.tokens.handles import key_of, new_handle
from ostiary.tokens.validation import find_access_token

SCHEMA = 1
TOKEN_CHARACTERS = 49
"""Six of time and 43 random ones (258 bits)."""
SOURCE_LIMIT = "registration-source"
"""Registrations that nobody vouches for, per source."""
FAILURES = "registration-auth-source"
"""Tokens that were none, per source."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How somebody came in."""

    vouched_by: str = ""
    """The id of an initial access token, ``client:ID`` for an access token; empty: registration is open."""
    used: UseInitialToken | None = None
    """Kept in one unit with the client: a use that led to nothing is not taken."""


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    v: int = SCHEMA
    scope: tuple[str, ...] = ()
    note: str = ""


async def opening(bearer: str | None, source: str, server: Server) -> Opening:
    """RFC 7591 §3: raises `InvalidToken`, `InsufficientScope` or `TooManyRequests`.

    A token that was sent must be one, even where none is needed: its sender believes that it counts.
    """
    scope = server.settings.registration.initial_access_token_scope
    if bearer is None:
        if scope:
            raise InvalidToken("")
        if not server.limits.allow(SOURCE_LIMIT, source):
            raise TooManyRequests("too many registrations from here; wait a little", retry_after_seconds=10)
        return Opening()
    check_may_try(source, server)
    found = await _initial(bearer, server) or await _access_token(bearer, server)
    if found is None:
        server.limits.allow(FAILURES, source)
        raise InvalidToken("the token is not valid for registration")
    opened, granted = found
    if scope and not within(server.settings.scope_book, (scope,), granted):
        why = Why(rule="RFC 7591 §3", setting="registration.initial_access_token_scope", level="server")
        raise InsufficientScope("the token does not have the scope that registration needs", why)
    return opened


def check_may_try(source: str, server: Server) -> None:
    """Threat T-62: whoever tried too many tokens that were none is not listened to for a while."""
    if not server.limits.peek(FAILURES, source):
        raise TooManyRequests("too many failed attempts; wait a little", retry_after_seconds=5)


async def _initial(bearer: str, server: Server) -> tuple[Opening, Sequence[str]] | None:
    key, now = key_of(bearer), server.clock.now()
    record = await server.stores.initial_token(key)
    if record is None or record.expires_at <= now or record.uses >= record.most_uses:
        return None
    return Opening(record.id, UseInitialToken(key, now)), scope_of(record)


async def _access_token(bearer: str, server: Server) -> tuple[Opening, Sequence[str]] | None:
    token = await find_access_token(bearer, server)
    return None if token is None else (Opening(f"client:{token.client_id}"), token.scope)


# Initial access tokens ------------------------------------------------------------------------------------------------


def new_initial_token(
    token_id: str, *, now: int, lifetime_ms: int, uses: int, scope: Sequence[str], note: str
) -> tuple[Secret, InitialTokenRecord]:
    """The token, to be shown once, and what is kept of it."""
    text = new_handle(TOKEN_CHARACTERS, now)
    document = msgspec.json.encode(_Document(scope=tuple(scope), note=note))
    record = InitialTokenRecord(
        key=key_of(text),
        id=token_id,
        created_at=now,
        expires_at=now + lifetime_ms,
        uses=0,
        most_uses=uses,
        document=document,
    )
    return Secret(text), record


def scope_of(record: InitialTokenRecord) -> tuple[str, ...]:
    """The scope of the token."""
    return _read(record).scope


def note_of(record: InitialTokenRecord) -> str:
    """What its maker wrote beside it."""
    return _read(record).note


def _read(record: InitialTokenRecord) -> _Document:
    try:
        return msgspec.json.decode(record.document, type=_Document)
    except msgspec.MsgspecError:  # threat T-64: it opens nothing that needs a scope
        return _Document()
