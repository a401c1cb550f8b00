"""Kinds of single values: text, URL, flag, number, date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ostiary.declare.kinds.kind import Kind, Spot, Writing, is_text, wrong_type
from ostiary.declare.urls import url_objections
from ostiary.words import Dialect


@dataclass(frozen=True)
class Single(Kind[Any]):
    """A value with one key."""

    def read(self, sent: tuple[Any, ...], spot: Spot, default: Any) -> Any:
        value = self.understood(sent[0], spot)
        if value is None:
            return default
        objections = list(self.objections(value))
        for objection in objections:
            spot.refused(objection)
        return default if objections else value

    def understood(self, raw: Any, spot: Spot) -> Any:
        """The value of a piece of JSON, or None after telling `spot` why there is none."""
        raise NotImplementedError

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return (value,) * count if count < 2 else (value, *(None,) * (count - 1))

    def stored(self, value: Any) -> Any:
        return value

    def _judged(self, value: Any) -> Any:
        for objection in self.objections(value):
            raise ValueError(objection)
        return value


@dataclass(frozen=True)
class Text(Single):
    """A text. An empty one is kept only where the dialects echo it."""

    at_most: int = 4096
    keeps_empty: bool = False
    numbers_too: bool = True
    """Lenient dialects may send a number."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "empty_is_absent", not self.keeps_empty)

    def understood(self, raw: Any, spot: Spot) -> str | None:
        if spot.lenient and isinstance(raw, int) and not isinstance(raw, bool):
            return str(raw)
        if isinstance(raw, str):
            return raw
        spot.malformed(wrong_type("a text", raw))
        return None

    def objections(self, value: Any) -> Iterator[str]:
        if not is_text(value):
            yield "must be a text without NUL characters"
        elif len(value) > self.at_most:
            yield f"must not be longer than {self.at_most} characters"

    def loaded(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError("not a text")
        self._judged(raw)
        return raw

    def described(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.at_most}


@dataclass(frozen=True)
class Url(Text):
    """An absolute URL, http or https, or https alone."""

    at_most: int = 2048
    https_only: bool = False

    def objections(self, value: Any) -> Iterator[str]:
        yield from super().objections(value)
        if value:
            yield from url_objections(value, schemes=frozenset({"https"} if self.https_only else {"http", "https"}))

    def described(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "schemes": ["https"] if self.https_only else ["http", "https"]}


@dataclass(frozen=True)
class Flag(Single):
    """True or false."""

    def understood(self, raw: Any, spot: Spot) -> bool | None:
        if isinstance(raw, bool):
            return raw
        if spot.lenient and isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
            return raw.strip().lower() == "true"
        spot.malformed(wrong_type("true or false", raw))
        return None

    def loaded(self, raw: Any) -> bool:
        if not isinstance(raw, bool):
            raise ValueError("not true or false")
        return raw

    def described(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class WholeNumber(Single):
    """A whole number, within bounds where there are some."""

    at_least: int | None = None
    at_most: int | None = None
    unit: str = ""

    def understood(self, raw: Any, spot: Spot) -> int | None:
        if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
            raw = int(raw)
        if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        if spot.lenient and isinstance(raw, str) and _is_number(raw.strip()):
            return int(raw)
        spot.malformed(wrong_type("a whole number", raw))
        return None

    def objections(self, value: Any) -> Iterator[str]:
        least = self.at_least if self.at_least is not None else -(1 << 53)
        most = self.at_most if self.at_most is not None else 1 << 53
        if value < least or value > most:
            if self.at_least is None or self.at_most is None:
                yield f"must be at least {least}" if value < least else f"must be at most {most}"
            else:
                yield f"must be between {least} and {most}"

    def loaded(self, raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise ValueError("not a whole number")
        self._judged(raw)
        return raw

    def described(self) -> dict[str, Any]:
        bounds = {"minimum": self.at_least, "maximum": self.at_most, "unit": self.unit or None}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 16


@dataclass(frozen=True)
class Seconds(WholeNumber):
    """A number of seconds."""

    unit: str = "seconds"


@dataclass(frozen=True)
class Minutes(WholeNumber):
    """A number of minutes."""

    unit: str = "minutes"


@dataclass(frozen=True)
class Date(Single):
    """A point in time, in milliseconds; ISO 8601 in UTC outside, seconds since 1970 in registration."""

    def understood(self, raw: Any, spot: Spot) -> int | None:
        if spot.dialect is Dialect.REGISTRATION and isinstance(raw, int) and not isinstance(raw, bool):
            return raw * 1000
        if isinstance(raw, str):
            found = milliseconds_of(raw)
            if found is not None:
                return found
        spot.malformed("must be a date and time such as 2025-01-31T12:00:00.000Z")
        return None

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if not value:
            return (None,) * count
        return (value // 1000 if writing.dialect is Dialect.REGISTRATION else iso_date(value),)

    def loaded(self, raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise ValueError("not a time")
        return raw

    def described(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


def iso_date(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def milliseconds_of(text: str) -> int | None:
    """The time an ISO 8601 text means (without a zone: UTC), or None."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return round(found.timestamp() * 1000)
