"""What every kind of value can do."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ostiary.declare.problems import Problem
from ostiary.declare.secrets import StoredSecret
from ostiary.words import Dialect

T = TypeVar("T")

LENIENT = frozenset({Dialect.LEGACY, Dialect.PORTAL})
"""Dialects whose tools send booleans and numbers as text, and one value where a list is meant."""


@dataclass(slots=True)
class Spot:
    """Where a value is being read: the dialect, and whom to tell what is wrong with it."""

    dialect: Dialect
    field: str
    problems: list[Problem] = dataclasses.field(default_factory=list)

    @property
    def lenient(self) -> bool:
        """Whether ``"true"``, ``"3"`` and a single value for a list are fine here."""
        return self.dialect in LENIENT

    def malformed(self, message: str, part: str = "") -> None:
        """The JSON type is wrong, or the word is not known."""
        self.problems.append(Problem(self._name(part), message, malformed=True))

    def refused(self, message: str, part: str = "") -> None:
        """The value can be read but is not allowed."""
        self.problems.append(Problem(self._name(part), message))

    def _name(self, part: str) -> str:
        return f"{self.field}.{part}" if part else self.field


@dataclass(frozen=True, slots=True)
class Writing:
    """How an answer is written."""

    dialect: Dialect
    conceal: Callable[[StoredSecret], str] | None = None
    """Makes the opaque text that stands for a secret; without it, secrets are left out altogether."""


class Kind(Generic[T]):
    """How one kind of value is read, written, stored and described.

    A setting may spread over several keys; `sent` then has one element for each, and None for those that are absent.
    """

    parts: ClassVar[tuple[str, ...]] = ("",)
    """What its keys are for, in their order; empty for a value with one key."""
    optional: ClassVar[bool] = False
    empty_is_absent: bool = True
    """Whether an empty text counts as not sent."""

    def read(self, sent: tuple[Any, ...], spot: Spot, default: T) -> T:
        """The value meant; tells `spot` what is wrong, and then returns `default`. At least one part was sent."""
        raise NotImplementedError

    def written(self, value: T, writing: Writing, count: int) -> tuple[Any, ...]:
        """The value for each of `count` keys of a dialect; None leaves a key out."""
        raise NotImplementedError

    def stored(self, value: T) -> Any:
        """The value as JSON in our own canonical document."""
        raise NotImplementedError

    def loaded(self, raw: Any) -> T:
        """The value of a canonical document; raises `ValueError` (or a relative) when it is none."""
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """The type and the allowed values, as JSON."""
        raise NotImplementedError

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        """JSON Schema of each of its `count` keys in the dialect."""
        described = self.described()
        parts = described.get("properties")
        if isinstance(parts, dict) and len(self.parts) > 1 and len(parts) == len(self.parts):
            found = [as_schema(part, dialect) for part in parts.values()]
            return (*found, *({} for _ in range(count)))[:count]
        return (as_schema(described, dialect),) * count

    def objections(self, value: T) -> Iterator[str]:
        """What is wrong with a value that could be read; also asked of stored values."""
        yield from ()


_OF_SCHEMAS = frozenset({"type", "maxLength", "minimum", "maximum", "writeOnly", "additionalProperties", "const"})


def as_schema(described: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """What a kind says of itself, in words of JSON Schema alone."""
    if described.get("format") == "reference" and dialect is Dialect.ADMIN:
        return {"type": "object", "properties": {"id": {"type": "string"}, "location": {"type": "string"}}}
    schema = {name: value for name, value in described.items() if name in _OF_SCHEMAS}
    if described.get("format") == "date-time":
        schema["format"] = "date-time"  # other formats are narrower than the empty text, which means nothing is set
    if "enum" in described:
        schema["enum"] = [word[dialect.value] if isinstance(word, dict) else str(word) for word in described["enum"]]
    if "items" in described:
        schema["items"] = as_schema(described["items"], dialect)
    if "properties" in described:
        schema["properties"] = {name: as_schema(part, dialect) for name, part in described["properties"].items()}
    return schema


def wrong_type(expected: str, found: Any) -> str:
    """The message for a wrong JSON type; the value itself is not repeated."""
    return f"must be {expected}, not {_json_type(found)}"


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "null"


def is_text(value: Any) -> bool:
    """A text that can be stored and sent: no NUL and no lone surrogate."""
    if not isinstance(value, str) or "\x00" in value:
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
