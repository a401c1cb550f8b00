"""Who calls a management service: HTTP Basic, checked against accounts, with failures throttled (RFC 7617)."""

import binascii
from base64 import b64decode
from dataclasses import dataclass

from ostiary.errors import TooManyRequests
from ostiary.server import Server
from ostiary.web.call import Call

REALM = b'Basic realm="Ostiary", charset="UTF-8"'
ADMINISTRATORS = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved who they are."""

    username: str
    method: str = "BASIC"


async def basic_caller(call: Call, server: Server, store: str | None, limit: str) -> Caller | None:
    """The account that the Basic credentials prove, or None.

    `store` is the account store that is asked (None: there is none, so nobody is let in). Failures are counted per
    source and name under `limit`; when too many came, raises `TooManyRequests` before any slow hash is spent.
    """
    presented = credentials(call.header(b"authorization"))
    if presented is None:
        return None
    username, password = presented
    call.notes["user"], call.notes["method"] = username, "BASIC"
    key = f"{call.source} {username}"
    if not server.limits.peek(limit, key):
        raise TooManyRequests("too many failed attempts; wait a little", retry_after_seconds=5)
    account = None if store is None else await server.stores.account(store, username)
    fits = await server.passwords.verify(account.password_hash if account is not None else None, password)
    if not fits or account is None or b'"disabled":true' in account.document:
        server.limits.allow(limit, key)
        return None
    return Caller(username)


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
