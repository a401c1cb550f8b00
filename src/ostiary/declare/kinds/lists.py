"""Kinds that hold lists and sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ostiary.declare.kinds.kind import Spot, Writing, is_text, wrong_type
from ostiary.declare.kinds.plain import Single
from ostiary.declare.kinds.words import vocabulary_described
from ostiary.declare.urls import url_objections
from ostiary.declare.values import ResponseTypes
from ostiary.words import JWT_BEARER, SAML2_BEARER, Dialect, GrantType, ResponseType, Word


def listed(raw: Any, spot: Spot) -> list[Any] | None:
    """The elements; where the dialect is lenient, one value stands for a list of one."""
    if isinstance(raw, list):
        return raw
    if spot.lenient:
        return [raw] if raw != "" else []
    spot.malformed(wrong_type("a list", raw))
    return None


@dataclass(frozen=True)
class TextList(Single):
    """Texts in the order they were given."""

    at_most: int = 1000
    longest: int = 4096
    empty_is_absent: bool = False

    def understood(self, raw: Any, spot: Spot) -> tuple[str, ...] | None:
        elements = listed(raw, spot)
        if elements is None:
            return None
        if not all(isinstance(element, str) for element in elements):
            spot.malformed("must be a list of texts")
            return None
        return tuple(elements)

    def objections(self, value: Any) -> Iterator[str]:
        if len(value) > self.at_most:
            yield f"must not have more than {self.at_most} entries"
        for element in value:
            if not is_text(element) or len(element) > self.longest:
                yield f"each entry must be a text of at most {self.longest} characters without NUL characters"
                return

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return (list(value), *(None,) * (count - 1))

    def stored(self, value: Any) -> Any:
        return list(value)

    def loaded(self, raw: Any) -> tuple[str, ...]:
        if not isinstance(raw, list) or not all(isinstance(element, str) for element in raw):
            raise ValueError("not a list of texts")
        found = tuple(raw)
        self._judged(found)
        return found

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True)
class UrlList(TextList):
    """Absolute URLs."""

    longest: int = 2048
    https_only: bool = False

    def objections(self, value: Any) -> Iterator[str]:
        yield from super().objections(value)
        schemes = frozenset({"https"} if self.https_only else {"http", "https"})
        for element in value:
            for objection in url_objections(element, schemes=schemes):
                yield f"{_shown(element)}: {objection}"

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "format": "uri"}}


@dataclass(frozen=True)
class ScopeList(TextList):
    """Names of scopes; registration parts them by spaces in one text (RFC 7591 §2)."""

    def understood(self, raw: Any, spot: Spot) -> tuple[str, ...] | None:
        if spot.dialect is Dialect.REGISTRATION:
            if not isinstance(raw, str):
                spot.malformed(wrong_type("a text", raw))
                return None
            return tuple(dict.fromkeys(raw.split()))
        return super().understood(raw, spot)

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if writing.dialect is Dialect.REGISTRATION:
            return (" ".join(value) or None,)
        return super().written(value, writing, count)


@dataclass(frozen=True)
class WordSet(Single):
    """A set of words, written in the order of the vocabulary."""

    vocabulary: type[Word]
    allowed: frozenset[Any] | None = None
    empty_is_absent: bool = False

    def understood(self, raw: Any, spot: Spot) -> frozenset[Any] | None:
        elements = listed(raw, spot)
        if elements is None:
            return None
        found = []
        for element in elements:
            word = self.vocabulary.read(element) if isinstance(element, str) else None
            if word is None:
                shown = f"{_shown(element)} is not known" if isinstance(element, str) else "must be a list of texts"
                spot.malformed(f"{shown}; the values are {', '.join(self._choices(spot.dialect))}")
                return None
            found.append(word)
        return frozenset(found)

    def objections(self, value: Any) -> Iterator[str]:
        for word in self.vocabulary:
            if word in value and self.allowed is not None and word not in self.allowed:
                yield f"{word.written(Dialect.ADMIN)} is not possible here"

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        spelled = [word.written(writing.dialect) for word in self.vocabulary if word in value]
        if writing.dialect is Dialect.REGISTRATION and JWT_BEARER in spelled and self.vocabulary is GrantType:
            spelled.insert(spelled.index(JWT_BEARER) + 1, SAML2_BEARER)  # one permission, two grant types
        return (spelled, *(None,) * (count - 1))

    def stored(self, value: Any) -> Any:
        return [str(word) for word in self.vocabulary if word in value]

    def loaded(self, raw: Any) -> frozenset[Any]:
        found = frozenset(self.vocabulary(word) for word in raw)
        self._judged(found)
        return found

    def described(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "enum": vocabulary_described(self.vocabulary, self.allowed)},
        }

    def _choices(self, dialect: Dialect) -> Iterator[str]:
        for word in self.vocabulary:
            if self.allowed is None or word in self.allowed:
                yield word.written(dialect)


@dataclass(frozen=True)
class WordList(WordSet):
    """Words in the order they were given."""

    def understood(self, raw: Any, spot: Spot) -> Any:
        elements = listed(raw, spot)
        found = super().understood(raw, spot)
        if found is None or elements is None:
            return None
        return tuple(dict.fromkeys(self.vocabulary.read(element) for element in elements))

    def stored(self, value: Any) -> Any:
        return [str(word) for word in value]

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return ([word.written(writing.dialect) for word in value], *(None,) * (count - 1))

    def loaded(self, raw: Any) -> Any:
        found = tuple(self.vocabulary(word) for word in raw)
        self._judged(found)
        return found


@dataclass(frozen=True)
class ResponseTypeList(Single):
    """Response types, compared as sets of words; the administrative API gets them back in the word order it sent."""

    empty_is_absent: bool = False

    def understood(self, raw: Any, spot: Spot) -> ResponseTypes | None:
        elements = listed(raw, spot)
        if elements is None:
            return None
        found: dict[ResponseType, str] = {}
        for element in elements:
            word = ResponseType.read(element) if isinstance(element, str) else None
            if word is None:
                shown = f"{_shown(element)} is not a response type" if isinstance(element, str) else "must hold texts"
                spot.refused(shown) if isinstance(element, str) else spot.malformed(shown)
                return None
            found.setdefault(word, element)
        return ResponseTypes(tuple(found), tuple(found.values()))

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        if writing.dialect is Dialect.ADMIN and len(value.as_sent) == len(value.types):
            spelled = list(value.as_sent)
        else:
            spelled = [word.written(writing.dialect) for word in value]
        return (spelled, *(None,) * (count - 1))

    def stored(self, value: Any) -> Any:
        if len(value.as_sent) == len(value.types):
            return list(value.as_sent)
        return [str(word) for word in value]

    def loaded(self, raw: Any) -> ResponseTypes:
        found = [ResponseType.read(one) for one in raw]
        types = tuple(one for one in found if one is not None)
        if len(types) != len(raw):
            raise ValueError("not a list of response types")
        return ResponseTypes(types, tuple(raw))

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": vocabulary_described(ResponseType)}}


@dataclass(frozen=True)
class References(TextList):
    """Ids of other objects, as a list of ``{"id": …}``."""

    def understood(self, raw: Any, spot: Spot) -> tuple[str, ...] | None:
        elements = listed(raw, spot)
        if elements is None:
            return None
        ids = [element.get("id") if isinstance(element, dict) else element for element in elements]
        if not all(isinstance(one, str) for one in ids):
            spot.malformed("must be a list of references, each with an id")
            return None
        return tuple(str(one) for one in ids)

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return ([{"id": one} for one in value],)

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "format": "reference"}}


@dataclass(frozen=True)
class AnyJson(Single):
    """JSON that only its reader understands, kept as it is; for parts of server settings that plug-ins define."""

    def understood(self, raw: Any, spot: Spot) -> Any:
        return raw

    def loaded(self, raw: Any) -> Any:
        return raw

    def described(self) -> dict[str, Any]:
        return {}


def _shown(text: str) -> str:
    return f'"{text[:80]}"' if is_text(text) and text.isprintable() else "an entry"
