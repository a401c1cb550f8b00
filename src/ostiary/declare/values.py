"""Values that are more than a number or a text.

They keep what was sent beside a type that makes it void: such values have no effect, but are echoed (rule V14).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from ostiary.words import ResponseType, RollingUnit, SanType, ThreeWay, TimeUnit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lifetime:
    """As the server says, for ever, or just this long."""

    type: ThreeWay = ThreeWay.SERVER_DEFAULT
    amount: int = 0
    """In `unit`; counts only when the type is OVERRIDE. -1: for ever."""
    unit: TimeUnit = TimeUnit.DAYS

    @property
    def as_server_says(self) -> bool:
        """Whether the server's setting counts, at the moment of use."""
        return self.type is ThreeWay.SERVER_DEFAULT

    @property
    def endless(self) -> bool:
        """Whether there is no limit, whatever the server says."""
        return self.type is ThreeWay.INDEFINITE or (self.type is ThreeWay.OVERRIDE and self.amount == -1)

    def milliseconds(self, server: int | None) -> int | None:
        """The limit in milliseconds, given the server's; None is no limit."""
        if self.as_server_says:
            return server
        return None if self.endless else self.amount * self.unit.milliseconds


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of a unit; the unit is None when it was not said, and then hours are meant."""

    amount: int
    unit: RollingUnit | None = None

    @property
    def milliseconds(self) -> int:
        """Its length."""
        return self.amount * (self.unit or RollingUnit.HOURS).milliseconds


@dataclass(frozen=True, slots=True)
class Override(Generic[T]):
    """As the server says, or this value."""

    overrides: bool = False
    value: T | None = None
    """Kept, without effect, while `overrides` is false."""

    def resolved(self, server: T) -> T:
        """The value in force, given the server's."""
        return self.value if self.overrides and self.value is not None else server


@dataclass(frozen=True, slots=True)
class SubjectAltName:
    """RFC 8705 §2.1.2: the name that must be in the client's certificate."""

    type: SanType
    value: str


@dataclass(frozen=True)
class KeySet:
    """RFC 7517 §5: a client's public keys, byte for byte as they were given."""

    text: str
    as_object: bool = field(default=False, compare=False)
    """Whether it was sent as a JSON object; the legacy service gives it back as it came."""

    @cached_property
    def document(self) -> dict[str, Any]:
        """The set as JSON; raises `ValueError` when it is none."""
        found = json.loads(self.text)
        if not isinstance(found, dict):
            raise ValueError("a key set is a JSON object")
        return found

    @property
    def keys(self) -> tuple[dict[str, Any], ...]:
        """The keys; raises `ValueError` when the text is not a key set."""
        keys = self.document.get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise ValueError("a key set has a list of keys")
        return tuple(keys)


@dataclass(frozen=True, slots=True)
class ResponseTypes:
    """A list of response types. It compares by meaning, and remembers the word order in which each was sent."""

    types: tuple[ResponseType, ...] = ()
    as_sent: tuple[str, ...] = field(default=(), compare=False)

    def __contains__(self, response_type: object) -> bool:
        return response_type in self.types

    def __iter__(self) -> Iterator[ResponseType]:
        return iter(self.types)

    def __bool__(self) -> bool:
        return bool(self.types)

    def __len__(self) -> int:
        return len(self.types)
