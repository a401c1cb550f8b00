"""Kinds that hold words of a closed vocabulary."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ostiary.declare.kinds.kind import Spot, Writing, wrong_type
from ostiary.declare.kinds.plain import Flag, Single
from ostiary.words import AuthMethod, Dialect, RollingPolicy, Word


def vocabulary_described(vocabulary: type[Word], allowed: frozenset[Any] | None = None) -> list[dict[str, Any]]:
    """The words with their spellings and labels, as JSON."""
    return [
        {
            "value": str(word),
            "label": word.label,
            **{dialect.value: word.written(dialect) for dialect in Dialect},
        }
        for word in vocabulary
        if allowed is None or word in allowed
    ]


@dataclass(frozen=True)
class OneWord(Single):
    """One word, or none. `allowed` leaves only a part of the vocabulary."""

    vocabulary: type[Word]
    allowed: frozenset[Any] | None = None
    legacy_as_admin: bool = False
    """Whether the legacy service writes this setting in the spelling of the administrative API."""

    def understood(self, raw: Any, spot: Spot) -> Any:
        if not isinstance(raw, str):
            spot.malformed(wrong_type("a text", raw))
            return None
        if spot.dialect is Dialect.PORTAL and raw.strip().lower() == "default":
            return None  # the portal's word for "not set"
        word = self.vocabulary.read(raw)
        if word is None:
            spot.malformed(f"must be one of {self._choices(spot.dialect)}")
        return word

    def objections(self, value: Any) -> Iterator[str]:
        if self.allowed is not None and value not in self.allowed:
            yield f"must be one of {self._choices(Dialect.ADMIN)}"

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        dialect = Dialect.ADMIN if self.legacy_as_admin and writing.dialect is Dialect.LEGACY else writing.dialect
        written = None if value is None else value.written(dialect)
        return (written, *(None,) * (count - 1))

    def stored(self, value: Any) -> Any:
        return str(value)

    def loaded(self, raw: Any) -> Any:
        return self._judged(self.vocabulary(raw))

    def described(self) -> dict[str, Any]:
        return {"type": "string", "enum": vocabulary_described(self.vocabulary, self.allowed)}

    def _choices(self, dialect: Dialect) -> str:
        words = [word for word in self.vocabulary if self.allowed is None or word in self.allowed]
        return ", ".join(word.written(dialect) for word in words)


@dataclass(frozen=True)
class RollingKind(OneWord):
    """The rolling policy. The legacy service says it with a boolean, and leaves it out for the server's choice."""

    vocabulary: type[Word] = RollingPolicy

    def understood(self, raw: Any, spot: Spot) -> Any:
        if spot.dialect is Dialect.LEGACY:
            said = raw.strip().lower() if isinstance(raw, str) else raw
            if said in (True, "true") or said in (False, "false"):
                return RollingPolicy.ROLL if said in (True, "true") else RollingPolicy.DONT_ROLL
        return super().understood(raw, spot)

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if writing.dialect is Dialect.LEGACY:
            return (None if value is RollingPolicy.SERVER_DEFAULT else value is RollingPolicy.ROLL,)
        return super().written(value, writing, count)


@dataclass(frozen=True)
class YesOrWord(Flag):
    """A flag that registration and portal say with one of two words."""

    yes: str
    no: str

    def understood(self, raw: Any, spot: Spot) -> bool | None:
        if spot.dialect in (Dialect.REGISTRATION, Dialect.PORTAL):
            said = raw.strip().lower() if isinstance(raw, str) else raw
            if said in (self.yes, self.no):
                return bool(said == self.yes)
            spot.malformed(f"must be {self.yes} or {self.no}")
            return None
        return super().understood(raw, spot)

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if writing.dialect in (Dialect.REGISTRATION, Dialect.PORTAL):
            return (self.yes if value else self.no,)
        return super().written(value, writing, count)


@dataclass(frozen=True)
class AuthMethodKind(Single):
    """The exact methods of authentication: one in registration, any number in the portal."""

    def understood(self, raw: Any, spot: Spot) -> tuple[AuthMethod, ...] | None:
        listed = raw if isinstance(raw, list) else raw.replace(",", " ").split() if isinstance(raw, str) else [raw]
        found = [AuthMethod.read(one) if isinstance(one, str) else None for one in listed]
        if None in found:
            spot.malformed(f"must be of {', '.join(AuthMethod)}")
            return None
        return tuple(dict.fromkeys(method for method in found if method is not None))

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if not value:
            return (None,) * count
        if writing.dialect is Dialect.REGISTRATION:
            return (str(value[0]),)
        return ([str(method) for method in value], *(None,) * (count - 1))

    def stored(self, value: Any) -> Any:
        return [str(method) for method in value]

    def loaded(self, raw: Any) -> tuple[AuthMethod, ...]:
        return tuple(AuthMethod(one) for one in raw)

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": vocabulary_described(AuthMethod)}}
