"""Kinds with a shape of their own: references, key sets, extended properties, subject alternative names."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ostiary.declare.kinds.kind import Kind, Spot, Writing, is_text, wrong_type
from ostiary.declare.kinds.plain import Single
from ostiary.declare.values import KeySet, SubjectAltName
from ostiary.words import Dialect, SanType


@dataclass(frozen=True)
class ReferenceKind(Single):
    """The id of another object: ``{"id": …}`` in the administrative API, plain elsewhere. ``{}`` refers to nothing."""

    def understood(self, raw: Any, spot: Spot) -> str | None:
        found = raw.get("id") if isinstance(raw, dict) else raw
        if found is None or found == "":
            return None
        if isinstance(raw, dict) or spot.dialect is not Dialect.ADMIN:
            if isinstance(found, str):
                return found
            spot.malformed("the id must be a text")
            return None
        spot.malformed(wrong_type('an object such as {"id": "…"}', raw))
        return None

    def objections(self, value: Any) -> Iterator[str]:
        if not is_text(value) or len(value) > 1024:
            yield "must be an id of at most 1024 characters"

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if value is None:
            return (None,) * count
        return ({"id": value} if writing.dialect is Dialect.ADMIN else value,)

    def loaded(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError("not an id")
        self._judged(raw)
        return raw

    def described(self) -> dict[str, Any]:
        return {"type": "string", "format": "reference"}


@dataclass(frozen=True)
class KeySetKind(Single):
    """A JWK set, as an object or as its text. The administrative API and the portal know only the text."""

    def understood(self, raw: Any, spot: Spot) -> KeySet | None:
        if isinstance(raw, dict) and spot.dialect is not Dialect.ADMIN:
            return KeySet(json.dumps(raw, ensure_ascii=False, separators=(",", ":")), as_object=True)
        if isinstance(raw, str):
            return KeySet(raw)
        spot.malformed(wrong_type("a JWK set as text", raw))
        return None

    def objections(self, value: Any) -> Iterator[str]:
        if len(value.text) > 256 * 1024 or not is_text(value.text):
            yield "must be a JWK set of at most 256 kilobytes"

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if value is None:
            return (None,) * count
        as_object = writing.dialect is Dialect.REGISTRATION or (writing.dialect is Dialect.LEGACY and value.as_object)
        if as_object:
            try:
                return (value.document,)
            except ValueError:
                return (value.text,)
        return (value.text,)

    def stored(self, value: Any) -> Any:
        return [value.text, value.as_object]

    def loaded(self, raw: Any) -> KeySet:
        text, as_object = raw
        found = KeySet(text, as_object=bool(as_object))
        self._judged(found)
        _ = found.keys  # raises when it is no key set: no key is better than a wrong one
        return found

    def described(self) -> dict[str, Any]:
        return {"type": "string", "format": "jwks"}


class Properties(Mapping[str, tuple[str, ...]]):
    """Values of extended properties by name; immutable."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Properties({self._values!r})"


@dataclass(frozen=True)
class PropertiesKind(Single):
    """Extended properties: ``{name: {"values": [...]}}``, or the legacy service's list of entries."""

    def understood(self, raw: Any, spot: Spot) -> Properties | None:
        if not isinstance(raw, dict):
            spot.malformed(wrong_type("an object", raw))
            return None
        is_entries = spot.dialect is Dialect.LEGACY and ("entry" in raw or not raw)
        pairs = _entries(raw.get("entry"), spot) if is_entries else _named_values(raw, spot)
        return None if pairs is None else Properties(pairs)

    def objections(self, value: Any) -> Iterator[str]:
        for name, values in value.items():
            if not is_text(name) or not all(is_text(one) and len(one) <= 4096 for one in values):
                yield "each value must be a text of at most 4096 characters without NUL characters"
                return

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if not value:
            return (None,) * count
        if writing.dialect is Dialect.LEGACY:
            entry = [{"key": name, "value": {"elements": _elements(values)}} for name, values in value.items()]
            return ({"entry": entry},)
        return ({name: {"values": list(values)} for name, values in value.items()},)

    def stored(self, value: Any) -> Any:
        return {name: list(values) for name, values in value.items()}

    def loaded(self, raw: Any) -> Properties:
        found = Properties({name: tuple(values) for name, values in raw.items()})
        self._judged(found)
        return found

    def described(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        values = {"type": "array", "items": {"type": "string"}}
        return ({"type": "object", "additionalProperties": {"type": "object", "properties": {"values": values}}},)


def _elements(values: tuple[str, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _named_values(raw: dict[str, Any], spot: Spot) -> dict[str, tuple[str, ...]] | None:
    found = {}
    for name, value in raw.items():
        if value is None:
            continue
        held = value.get("values", []) if isinstance(value, dict) else value
        texts = _texts(held, spot)
        if texts is None:
            return None
        found[name] = texts
    return found


def _entries(raw: Any, spot: Spot) -> dict[str, tuple[str, ...]] | None:
    found: dict[str, tuple[str, ...]] = {}
    for entry in raw if isinstance(raw, list) else [] if raw is None else [raw]:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
            spot.malformed('each entry must be {"key": "…", "value": {"elements": …}}')
            return None
        value = entry.get("value")
        texts = _texts(value.get("elements") if isinstance(value, dict) else value, spot)
        if texts is None:
            return None
        found[entry["key"]] = texts
    return found


def _texts(raw: Any, spot: Spot) -> tuple[str, ...] | None:
    values = raw if isinstance(raw, list) else [] if raw is None else [raw]
    if not all(isinstance(value, str) for value in values):
        spot.malformed("the values of extended properties must be texts")
        return None
    return tuple(values)


@dataclass(frozen=True)
class SanKind(Kind["SubjectAltName | None"]):
    """A subject alternative name: an object in the administrative API, four members in registration."""

    parts: ClassVar[tuple[str, ...]] = ("",)

    def read(self, sent: tuple[Any, ...], spot: Spot, default: SubjectAltName | None) -> SubjectAltName | None:
        if len(sent) == len(SanType):
            given = [(san, value) for san, value in zip(SanType, sent, strict=True) if value is not None]
            if len(given) > 1:
                spot.refused("only one subject alternative name may be given")
                return default
            kind, value = given[0]
        else:
            kind, value = _san(sent[0])
        if not isinstance(value, str) or not isinstance(kind, SanType) or not is_text(value):
            spot.malformed(f"must have a type ({', '.join(SanType)}) and a value")
            return default
        return SubjectAltName(kind, value)

    def written(self, value: SubjectAltName | None, writing: Writing, count: int) -> tuple[Any, ...]:
        if value is None:
            return (None,) * count
        if count == len(SanType):
            return tuple(value.value if san is value.type else None for san in SanType)
        return ({"type": value.type.written(writing.dialect), "value": value.value},)

    def stored(self, value: SubjectAltName | None) -> Any:
        return None if value is None else [str(value.type), value.value]

    def loaded(self, raw: Any) -> SubjectAltName | None:
        kind, value = raw
        if not is_text(value):
            raise ValueError("not a name")
        return SubjectAltName(SanType(kind), value)

    def described(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"type": {"enum": list(SanType)}, "value": {"type": "string"}}}


def _san(raw: Any) -> tuple[Any, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return None, None
    return SanType.read(raw["type"]), raw.get("value")
