"""Refresh tokens: when one rolls, its grace, and what a second use of a rolled one means (behaviour §9.4).

Of a token only a digest is stored. Within its grace a rolled token must still lead to the newest one; so the newest is
kept beside it, sealed under a key that only the holder of the rolled token can derive.
"""

import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ostiary.clients.client import Client
from ostiary.ports.changes import RollRefreshToken
from ostiary.ports.clock import SECOND
from ostiary.ports.records import GrantRecord, RefreshTokenRecord
from ostiary.server import Server
from ostiary.server_settings import ServerSettings
from ostiary.tokens.handles import key_of, new_handle
from ostiary.words import RollingPolicy

SCHEMA = 1
_DOCUMENT = msgspec.json.encode({"v": SCHEMA})
_NONCE_BYTES = 12


def new_refresh_token(
    grant: GrantRecord, server: Server, predecessor: bytes | None = None
) -> tuple[str, RefreshTokenRecord]:
    """A new token of a grant (S024 characters) and its row; it expires with the grant."""
    now = server.clock.now()
    text = new_handle(server.settings.grants.refresh_token_length, now)
    record = RefreshTokenRecord(
        key=key_of(text),
        grant_id=grant.grant_id,
        client_id=grant.client_id,
        issued_at=now,
        expires_at=grant.expires_at,
        predecessor=predecessor,
        document=_DOCUMENT,
    )
    return text, record


def rolls(token: RefreshTokenRecord, client: Client, settings: ServerSettings, now: int) -> bool:
    """Whether this refresh returns a new token: the policy in force says so, and the token is old enough.

    ROLL does not override the interval; the interval does not turn rolling on.
    """
    own = client.persistent_grants
    policy = own.rolling
    wanted = (
        settings.grants.roll_refresh_tokens if policy is RollingPolicy.SERVER_DEFAULT else policy is RollingPolicy.ROLL
    )
    if not wanted:
        return False
    return now - token.issued_at >= own.rolling_interval.resolved(settings.grants.rolling_interval).milliseconds


def grace_ms(client: Client, settings: ServerSettings) -> int:
    """C100, C101, S028: how long a rolled token still leads to the newest one."""
    return client.persistent_grants.rolling_grace.resolved(settings.grants.rolling_grace_seconds) * SECOND


def roll(
    old_text: str, old: RefreshTokenRecord, grant: GrantRecord, client: Client, server: Server
) -> tuple[str, RollRefreshToken]:
    """The token that replaces `old`, and the conditional change: of many that roll at once one is made."""
    now, grace = server.clock.now(), grace_ms(client, server.settings)
    text, record = new_refresh_token(grant, server, predecessor=old.key)
    change = RollRefreshToken(
        old=old.key,
        at=now,
        grace_until=now + grace if grace else 0,
        successor=seal_successor(old_text, text) if grace else b"",
        new=record,
    )
    return text, change


def newest(presented: str, token: RefreshTokenRecord, now: int) -> str | None:
    """The token that a rolled one leads to while its grace lasts; None when it is over."""
    if not token.successor or token.grace_until is None or token.grace_until <= now:
        return None
    return open_successor(presented, token.successor)


def seal_successor(old_text: str, new_text: str) -> bytes:
    """The new token, for the eyes of who holds the old one."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(old_text)).encrypt(nonce, new_text.encode("ascii"), None)


def open_successor(old_text: str, sealed: bytes) -> str | None:
    """The new token again; None for what was sealed for another."""
    try:
        return AESGCM(_key(old_text)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode("ascii")
    except InvalidTag:
        return None


def _key(text: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ostiary refresh-token-successor").derive(text.encode())
