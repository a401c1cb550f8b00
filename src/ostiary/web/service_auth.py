"""Who calls a management service: HTTP Basic, checked against accounts, with failures throttled (RFC 7617)."""

import binascii
from base64 import b64decode
from dataclasses import dataclass

import msgspec

from ostiary.errors import TooManyRequests
from ostiary.server import Server
from ostiary.web.call import Call

REALM = b'Basic realm="Ostiary", charset="UTF-8"'
MOST_NAME_CHARACTERS = 256
MOST_PASSWORD_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved who they are."""

    username: str
    method: str = "BASIC"
    roles: frozenset[str] = frozenset()
    """What the account may do, where that is not the same for all accounts of its store."""


async def basic_caller(call: Call, server: Server, store: str | None, limit: str) -> Caller | None:
    """The account that the Basic credentials prove, or None.

    `store` is the account store that is asked (None: there is none, so nobody is let in). Attempts are paid for per
    source and name under `limit`, and per source, before any slow hash is spent, so that many at once cannot slip
    through; who is right gets it back. Raises `TooManyRequests` when there is nothing left to pay with.
    """
    presented = credentials(call.header(b"authorization"))
    if presented is None:
        return None
    username, password = presented
    call.notes["user"], call.notes["method"] = username, "BASIC"
    if len(username) > MOST_NAME_CHARACTERS or len(password) > MOST_PASSWORD_CHARACTERS:
        return None
    account = None if store is None else await server.stores.account(store, username)
    password_hash = account.password_hash if account is not None else None
    free = password_hash is not None and server.passwords.knows(password_hash, password)
    key, by_source = f"{call.source} {username}", f"{limit}-source"
    if not free:
        _pay(server, limit, key)
        _pay(server, by_source, call.source)
    fits = await server.passwords.verify(password_hash, password)
    document = None if account is None else _DOCUMENT.decode(account.document)
    if not fits or document is None or document.disabled:
        return None
    if not free:
        server.limits.refund(limit, key)
        server.limits.refund(by_source, call.source)
    return Caller(username, roles=frozenset(document.roles))


class _Document(msgspec.Struct):
    """What of an account's document says whether and what it may."""

    disabled: bool = False
    roles: tuple[str, ...] = ()


_DOCUMENT = msgspec.json.Decoder(_Document)


def _pay(server: Server, limit: str, key: str) -> None:
    if not server.limits.allow(limit, key):
        raise TooManyRequests("too many failed attempts; wait a little", retry_after_seconds=5)


def credentials(authorization: str | None) -> tuple[str, str] | None:
    """RFC 7617 §2: name and password of a Basic header, or None for anything else."""
    if authorization is None:
        return None
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    username, colon, password = text.partition(":")
    if not colon or not username or "\x00" in text:
        return None
    return username, password
