"""What server settings can hold beyond what client settings hold: limits, lists of entries, fulfilment."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ostiary.declare import Lifetime
from ostiary.declare.kinds import (
    Kind,
    LifetimeKind,
    OneWord,
    PropertiesKind,
    Spot,
    Text,
    TextList,
    WholeNumber,
    Writing,
)
from ostiary.declare.kinds.kind import is_text, wrong_type
from ostiary.declare.kinds.plain import Single
from ostiary.declare.problems import Problem
from ostiary.declare.schemas import schema_of
from ostiary.server_settings.entries import DETAIL, Entry, one_entry
from ostiary.server_settings.fulfillment import Fulfillment, Fulfillments, SourceType
from ostiary.words import Dialect, TimeUnit

ENDLESS = -1
_AMOUNT = WholeNumber(at_least=ENDLESS, at_most=1 << 31)
_UNIT = OneWord(TimeUnit)


@dataclass(frozen=True, slots=True)
class GrantLimit:
    """A lifetime of grants as the server sets it; -1 is no limit."""

    amount: int
    unit: TimeUnit = TimeUnit.DAYS

    @property
    def milliseconds(self) -> int | None:
        """Its length; None is no limit."""
        return None if self.amount == ENDLESS else self.amount * self.unit.milliseconds


@dataclass(frozen=True)
class GrantLimitKind(Kind[GrantLimit]):
    """Keys: amount, unit."""

    parts: ClassVar[tuple[str, ...]] = ("amount", "unit")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: GrantLimit) -> GrantLimit:
        amount, unit = default.amount, default.unit
        if sent[0] is not None:
            amount = _AMOUNT.read((sent[0],), Spot(spot.dialect, f"{spot.field}.amount", spot.problems), amount)
        if sent[1] is not None:
            unit = _UNIT.read((sent[1],), Spot(spot.dialect, f"{spot.field}.unit", spot.problems), unit)
        found = GrantLimit(amount, unit)
        for objection in self.objections(found):
            spot.refused(objection, "amount")
            return default
        return found

    def objections(self, value: GrantLimit) -> Iterator[str]:
        if value.amount == 0:
            yield "must be at least 1, or -1 for no limit"

    def written(self, value: GrantLimit, writing: Writing, count: int) -> tuple[Any, ...]:
        return (value.amount, value.unit.written(writing.dialect))

    def stored(self, value: GrantLimit) -> Any:
        return [value.amount, str(value.unit)]

    def loaded(self, raw: Any) -> GrantLimit:
        amount, unit = raw
        found = GrantLimit(_AMOUNT.loaded(amount), TimeUnit(unit))
        for objection in self.objections(found):
            raise ValueError(objection)
        return found

    def described(self) -> dict[str, Any]:
        return {"type": "limit", "properties": {"amount": _AMOUNT.described(), "unit": _UNIT.described()}}


@dataclass(frozen=True)
class QuietLifetimeKind(LifetimeKind):
    """As a client's lifetime, but its amount and unit do not stand in an answer before somebody set them."""

    def written(self, value: Lifetime, writing: Writing, count: int) -> tuple[Any, ...]:
        kind, amount, unit = super().written(value, writing, count)
        return (kind, None, None) if value == Lifetime(value.type) else (kind, amount, unit)


@dataclass(frozen=True)
class Entries(Single):
    """A list of objects, each a section of its own; a problem names its entry: ``scopes.common/[2].name``."""

    section: type[Any]
    at_most: int = 10_000
    empty_is_absent: bool = False

    @property
    def entry(self) -> Entry[Any]:
        """How one of them is read and written."""
        return one_entry(self.section)

    def understood(self, raw: Any, spot: Spot) -> tuple[Any, ...] | None:
        if not isinstance(raw, list):
            spot.malformed(wrong_type("a list", raw))
            return None
        found, problems = [], []
        for number, one in enumerate(raw):
            if not isinstance(one, Mapping):
                spot.problems.append(
                    Problem(f"{spot.field}{DETAIL}[{number}]", wrong_type("an object", one), malformed=True)
                )
                return None
            value, wrong = self.entry.read(one, spot.dialect)
            found.append(value)
            problems += [replace(problem, field=f"{spot.field}{DETAIL}[{number}].{problem.field}") for problem in wrong]
        spot.problems.extend(problems)
        return None if problems else tuple(found)

    def objections(self, value: Any) -> Iterator[str]:
        if len(value) > self.at_most:
            yield f"must not have more than {self.at_most} entries"

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return ([self.entry.written(one, writing) for one in value],)

    def stored(self, value: Any) -> Any:
        return [self.entry.stored(one) for one in value]

    def loaded(self, raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise ValueError("not a list")
        return self._judged(tuple(self.entry.loaded(one) for one in raw))  # type: ignore[no-any-return]

    def described(self) -> dict[str, Any]:
        return {"type": "array", "items": self.entry.described()}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        return ({"type": "array", "items": schema_of(self.entry.declaration, dialect)},)


@dataclass(frozen=True)
class Nested(Single):
    """One object, a section of its own."""

    section: type[Any]

    def understood(self, raw: Any, spot: Spot) -> Any:
        if not isinstance(raw, Mapping):
            spot.malformed(wrong_type("an object", raw))
            return None
        value, wrong = one_entry(self.section).read(raw, spot.dialect)
        spot.problems += [replace(problem, field=f"{spot.field}{DETAIL}.{problem.field}") for problem in wrong]
        return None if wrong else value

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return (one_entry(self.section).written(value, writing),)

    def stored(self, value: Any) -> Any:
        return one_entry(self.section).stored(value)

    def loaded(self, raw: Any) -> Any:
        return one_entry(self.section).loaded(raw)

    def described(self) -> dict[str, Any]:
        return one_entry(self.section).described()

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        return (schema_of(one_entry(self.section).declaration, dialect),)


@dataclass(frozen=True)
class Id(Text):
    """The id of an object: what its reference says, and a row's key."""

    at_most: int = 256
    letters: str = "A-Za-z0-9._-"
    """The characters it may have, as in a regular expression."""

    def objections(self, value: Any) -> Iterator[str]:
        yield from super().objections(value)
        if not re.fullmatch(f"[{self.letters}]+", value):
            yield f"must only have the characters {self.letters}"


@dataclass(frozen=True)
class NothingYet(Single):
    """A part of an object that tools send empty, and that this version does not act on: anything in it is refused."""

    answer: str
    """What stands in answers, as JSON."""
    empty_is_absent: bool = True

    def understood(self, raw: Any, spot: Spot) -> None:
        if _has_content(raw):
            spot.refused("cannot be used in this version; leave it empty")

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return (json.loads(self.answer),)

    def loaded(self, raw: Any) -> None:
        raise ValueError("is not used in this version")

    def described(self) -> dict[str, Any]:
        return {"const": json.loads(self.answer)}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        return ({"type": "array" if isinstance(json.loads(self.answer), list) else "object"},)


def _has_content(raw: Any) -> bool:
    if isinstance(raw, Mapping):
        return any(_has_content(one) for one in raw.values())
    return bool(raw)


@dataclass(frozen=True)
class Names(TextList):
    """Names, each in an object of its own: ``[{"name": …}]``."""

    def understood(self, raw: Any, spot: Spot) -> tuple[str, ...] | None:
        if not isinstance(raw, list):
            spot.malformed(wrong_type("a list", raw))
            return None
        names = [one.get("name") if isinstance(one, Mapping) else None for one in raw]
        if not all(isinstance(name, str) and name for name in names):
            spot.malformed("must be a list of objects, each with a name")
            return None
        return tuple(str(name) for name in names)

    def objections(self, value: Any) -> Iterator[str]:
        yield from super().objections(value)
        if len(set(value)) != len(value):
            yield "must not hold a name twice"

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return ([{"name": name} for name in value],)

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        one = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        return ({"type": "array", "items": one},)


@dataclass(frozen=True)
class Origins(TextList):
    """RFC 6454 §6.1: origins of web pages. ``*`` alone, as a label of the host, or as the port stands for any."""

    _ORIGIN: ClassVar[re.Pattern[str]] = re.compile(
        r"https?://(?:(?:\*|[A-Za-z0-9_-]+)(?:\.(?:\*|[A-Za-z0-9_-]+))*\.?|\[[0-9A-Fa-f:.]+\])(?::(?:\*|[0-9]{1,5}))?"
    )

    def objections(self, value: Any) -> Iterator[str]:
        yield from super().objections(value)
        for number, origin in enumerate(value):
            if origin != "*" and not self._ORIGIN.fullmatch(origin):
                yield f"entry {number + 1} must be an origin such as https://app.example, without path or slash"


@dataclass(frozen=True)
class ScopeAttributes(PropertiesKind):
    """Scopes with the attributes they release: ``{scope: {"values": […]}}``."""

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return ({name: {"values": list(values)} for name, values in value.items()},)


@dataclass(frozen=True)
class FulfillmentKind(Single):
    """Attributes with their sources: ``{name: {"source": {"type": …, "id": …}, "value": …}}``."""

    empty_is_absent: bool = False

    def understood(self, raw: Any, spot: Spot) -> Fulfillments | None:
        if not isinstance(raw, Mapping):
            spot.malformed(wrong_type("an object", raw))
            return None
        rules = {name: _rule(one, spot, name) for name, one in raw.items()}
        found = {name: rule for name, rule in rules.items() if rule is not None}
        return Fulfillments(found) if len(found) == len(raw) else None

    def written(self, value: Any, writing: Writing, count: int) -> tuple[Any, ...]:
        return ({name: _rule_written(rule, writing) for name, rule in value.items()},)

    def stored(self, value: Any) -> Any:
        return {name: [str(rule.source_type), rule.value, rule.source_id] for name, rule in value.items()}

    def loaded(self, raw: Any) -> Fulfillments:
        found = {}
        for name, (source_type, value, source_id) in raw.items():
            if not is_text(value) or not is_text(source_id):
                raise ValueError(f"the source of {name} is not readable")
            found[name] = Fulfillment(source_type=SourceType(source_type), value=value, source_id=source_id)
        return Fulfillments(found)

    def described(self) -> dict[str, Any]:
        words = [source_type.written(Dialect.ADMIN) for source_type in SourceType]
        return {"type": "object", "additionalProperties": {"source": {"type": {"enum": words}}, "value": "string"}}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        words = [source_type.written(dialect) for source_type in SourceType]
        members = {"type": {"type": "string", "enum": words}, "id": {"type": "string"}}
        source = {"type": "object", "properties": members, "required": ["type"]}
        rule = {"type": "object", "properties": {"source": source, "value": {"type": "string"}}, "required": ["source"]}
        return ({"type": "object", "additionalProperties": rule},)


def _rule(raw: Any, spot: Spot, name: str) -> Fulfillment | None:
    """One attribute's source, or None after telling `spot` why it has none."""
    at = f"{spot.field}{DETAIL}.{name}"
    source = raw.get("source") if isinstance(raw, Mapping) else None
    if not isinstance(source, Mapping) or not isinstance(source.get("type"), str):
        spot.problems.append(Problem(f"{at}.source", 'must be an object such as {"type": "CONTEXT"}', malformed=True))
        return None
    source_type = SourceType.read(source["type"])
    if source_type is None:
        choices = ", ".join(word.written(spot.dialect) for word in SourceType)
        spot.problems.append(Problem(f"{at}.source.type", f"must be one of {choices}"))
        return None
    value, source_id = raw.get("value") or "", source.get("id") or ""
    if not is_text(value) or not is_text(source_id):
        spot.problems.append(Problem(f"{at}.value", "must be a text without NUL characters", malformed=True))
        return None
    if source_type is SourceType.EXPRESSION:
        spot.problems.append(Problem(f"{at}.source.type", "expressions cannot be evaluated in this version"))
        return None
    return Fulfillment(source_type=source_type, value=value, source_id=source_id)


def _rule_written(rule: Fulfillment, writing: Writing) -> dict[str, Any]:
    source = {"type": rule.source_type.written(writing.dialect)}
    if rule.source_id:
        source["id"] = rule.source_id
    return {"source": source, "value": rule.value}
