"""The accounts of people, as the built-in password credential validator keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from ostiary.ports.records import AccountRecord
from ostiary.server import Server

FIRST_STORE = "users"
"""The validator of people that the first start makes; its people are called by their plain names."""
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account."""

    validator: str
    username: str
    claims: Mapping[str, object] = field(default_factory=dict)

    @property
    def user_key(self) -> str:
        """USER_KEY of grants, consents and sessions."""
        return user_key(self.validator, self.username)


class _Document(msgspec.Struct):
    v: int = 1
    disabled: bool = False
    claims: dict[str, object] = {}


def user_key(validator: str, username: str) -> str:
    """One text per account: the plain name where the first validator knows it, else the validator stands before it.

    Two validators may know the same name; that must not make them one person.
    """
    if validator == FIRST_STORE and _SEPARATOR not in username:
        return username
    return f"{validator}{_SEPARATOR}{username}"


def person_of(record: AccountRecord) -> Person | None:
    """The person behind an account; None when it is disabled or cannot be read."""
    try:
        document = _DECODER.decode(record.document)
    except msgspec.DecodeError:
        return None
    if document.disabled:
        return None
    claims = MappingProxyType(document.claims)
    return Person(validator=record.store, username=record.username, claims=claims)


async def find_person(validator: str, username: str, server: Server) -> Person | None:
    """The person as of now: an account that was disabled or removed since the sign-on is nobody's (threat T-47)."""
    record = await server.stores.account(validator, username)
    return None if record is None else person_of(record)


_DECODER = msgspec.json.Decoder(_Document)
