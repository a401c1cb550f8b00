"""A signed-on person in one browser: begun at sign-on, prolonged by use, found by the handle in the cookie."""

from base64 import urlsafe_b64encode
from hashlib import sha256

import msgspec

from ostiary.ports.changes import AddSession, Change, RemoveSession, TouchSession
from ostiary.ports.clock import MINUTE
from ostiary.ports.records import SessionRecord
from ostiary.server import Server
from ostiary.sessions.cookies import handle_in
from ostiary.tokens.handles import key_of, new_handle

HANDLE_LENGTH = 49
"""6 characters of time and 43 random ones (258 bits)."""
SRI_LENGTH = 28
FOR_EVER = 253_370_764_800_000
"""The year 9999: the expiry of a session without any timeout (S166: -1)."""
TOUCH_MS = MINUTE
"""How often at most the use of a session is written down."""
MOST_SIGN_ONS = 8
"""How many acts of sign-on a session remembers, the latest ones."""
_VERSION = 1


class SignOn(msgspec.Struct, frozen=True, kw_only=True):
    """One act of proving who one is."""

    at: int
    """When, in milliseconds: ``auth_time`` counts from here."""
    validator: str
    """The id of the password credential validator that said yes."""
    acr: tuple[str, ...] = ()
    """OpenID Connect Core §2: the context classes that this act satisfies, the plainest first."""
    amr: tuple[str, ...] = ()
    """RFC 8176: how it was done."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What the server knows of a signed-on browser."""

    key: bytes
    """The row's key; the handle itself is only in the cookie."""
    issuer: str
    sri: str
    """The session identifier of tokens and the session services (``pi.sri``). Outlives a repeated sign-on."""
    user_key: str
    validator: str
    username: str
    sign_ons: tuple[SignOn, ...]
    """Oldest first; never empty."""
    created_at: int
    last_used_at: int
    expires_at: int

    @property
    def latest(self) -> SignOn:
        """The act of sign-on that counts for ``auth_time`` and ``acr``."""
        return self.sign_ons[-1]


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A new session, the handle for its cookie, and what to commit before the cookie is sent."""

    session: Session
    handle: str
    changes: tuple[Change, ...]


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    issuer: str
    sri: str
    user_key: str
    validator: str
    username: str
    sign_ons: tuple[SignOn, ...]


async def find(cookies: tuple[str | None, ...], server: Server) -> Session | None:
    """The living session of the first cookie that has one. What is foreign, forged or ended counts as absent."""
    if not server.settings.sessions.enabled:
        return None
    for value in cookies:
        handle = handle_in(value)
        record = None if handle is None else await server.stores.session(key_of(handle))
        session = None if record is None else _known(record)
        if session is not None and session.issuer == server.issuer and _expiry(session, server) > server.clock.now():
            return session
    return None


def begin(
    *, user_key: str, validator: str, username: str, sign_on: SignOn, before: Session | None, server: Server
) -> Begun:
    """The session after a sign-on: always a new handle (threat T-43), and the one before is gone.

    When the same person signs on again, the session identifier and the earlier acts of sign-on are kept.
    """
    now = server.clock.now()
    handle = new_handle(HANDLE_LENGTH, now)
    same = before is not None and before.user_key == user_key
    session = Session(
        key=key_of(handle),
        issuer=server.issuer,
        sri=before.sri if before is not None and same else new_handle(SRI_LENGTH, now),
        user_key=user_key,
        validator=validator,
        username=username,
        sign_ons=(*(before.sign_ons if before is not None and same else ()), sign_on)[-MOST_SIGN_ONS:],
        created_at=now,
        last_used_at=now,
        expires_at=expiry(now, now, server),
    )
    removal = () if before is None else (RemoveSession(before.key),)
    return Begun(session=session, handle=handle, changes=(*removal, AddSession(_record(session, server))))


async def touch(session: Session, server: Server) -> None:
    """Note the use of a session, at most once a minute."""
    now = server.clock.now()
    if now - session.last_used_at >= TOUCH_MS:
        await server.stores.commit(TouchSession(session.key, now, expiry(session.created_at, now, server)))


def expiry(created_at: int, used_at: int, server: Server) -> int:
    """S166: when a session ends that is not used again. -1: no idle timeout, no maximum."""
    idle, most = server.settings.sessions.idle_timeout_minutes, server.settings.sessions.max_timeout_minutes
    ends = FOR_EVER
    if idle >= 0:
        ends = min(ends, used_at + idle * MINUTE)
    if most >= 0:
        ends = min(ends, created_at + most * MINUTE)
    return ends


def lifetime_seconds(server: Server) -> int | None:
    """S164: how long a browser keeps the persistent cookie; None when sessions are not persistent."""
    if not server.settings.sessions.persistent:
        return None
    most = server.settings.sessions.max_timeout_minutes
    return most * 60 if most >= 0 else 400 * 24 * 3600  # what browsers allow at most


def _expiry(session: Session, server: Server) -> int:
    """The earlier of what was written and what the settings of now say: a shorter timeout takes effect at once."""
    return min(session.expires_at, expiry(session.created_at, session.last_used_at, server))


def _record(session: Session, server: Server) -> SessionRecord:
    document = _Document(
        v=_VERSION,
        issuer=session.issuer,
        sri=session.sri,
        user_key=session.user_key,
        validator=session.validator,
        username=session.username,
        sign_ons=session.sign_ons,
    )
    return SessionRecord(
        key=session.key,
        user_key=_column(session.user_key, server),
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        document=msgspec.json.encode(document),
    )


def _column(user_key: str, server: Server) -> str:
    """S165: what the session services call the person."""
    if not server.settings.sessions.hash_user_key:
        return user_key
    return urlsafe_b64encode(sha256(user_key.encode()).digest()).rstrip(b"=").decode("ascii")


MOST_KNOWN = 2048
"""Sessions of rows read before, per process; when there are more, all are read anew."""
_sessions: dict[bytes, tuple[SessionRecord, Session | None]] = {}
"""With the row they were read from: they count only while the store answers with the very same."""


def _known(record: SessionRecord) -> Session | None:
    known = _sessions.get(record.key)
    if known is None or known[0] is not record:
        if len(_sessions) >= MOST_KNOWN:
            _sessions.clear()
        known = _sessions[record.key] = (record, _read(record))
    return known[1]


def _read(record: SessionRecord) -> Session | None:
    try:
        document = _DECODER.decode(record.document)
    except msgspec.DecodeError:
        return None
    if document.v != _VERSION or not document.sign_ons:
        return None
    return Session(
        key=record.key,
        issuer=document.issuer,
        sri=document.sri,
        user_key=document.user_key,
        validator=document.validator,
        username=document.username,
        sign_ons=document.sign_ons,
        created_at=record.created_at,
        last_used_at=record.last_used_at,
        expires_at=record.expires_at,
    )


_DECODER = msgspec.json.Decoder(_Document)
