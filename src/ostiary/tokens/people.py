"""The person behind a code, a grant or a token, read anew whenever something is issued (threat T-47)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from ostiary.ports.records import AccountRecord
from ostiary.server import Server


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signed on, with what their account says of them now."""

    user_key: str
    """USER_KEY of grants, consents and sessions."""
    username: str
    validator: str
    """The id of the password credential validator that holds the account."""
    claims: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """OpenID Connect Core §5.1, and whatever else the account holds, by name."""

    @property
    def attributes(self) -> dict[str, Any]:
        """What a mapping may draw on: ``username`` and the claims."""
        return {**self.claims, "username": self.username}


async def find_person(user_key: str, validator: str, username: str, server: Server) -> Person | None:
    """The person as of now; None when the account is gone or disabled since."""
    record = await server.stores.account(validator, username)
    if record is None:
        return None
    known = _read.get((validator, username))
    if known is None or known[0] is not record or (known[1] is not None and known[1].user_key != user_key):
        if len(_read) >= MOST_READ:
            _read.clear()
        known = _read[validator, username] = (record, read_person(record, user_key))
    return known[1]


MOST_READ = 2048
"""People of account rows read before, per process; when there are more, all are read anew."""
_read: dict[tuple[str, str], tuple[AccountRecord, Person | None]] = {}
"""With the row they were read from: they count only while the store answers with the very same."""


def read_person(record: AccountRecord, user_key: str) -> Person | None:
    """The person of an account row; None when it is disabled or cannot be read (fail closed)."""
    try:
        document = _DECODER.decode(record.document)
    except msgspec.DecodeError:
        return None
    if document.disabled:
        return None
    claims = MappingProxyType(document.claims)
    return Person(user_key=user_key, username=record.username, validator=record.store, claims=claims)


class _Account(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    disabled: bool = False
    claims: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(_Account)
