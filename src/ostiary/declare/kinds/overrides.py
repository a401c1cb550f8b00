"""Kinds that say either *as the server* or a value of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ostiary.declare.kinds.kind import Kind, Spot, Writing
from ostiary.declare.kinds.plain import WholeNumber
from ostiary.declare.kinds.words import OneWord
from ostiary.declare.values import Duration, Lifetime, Override
from ostiary.words import Dialect, RollingUnit, ThreeWay, TimeUnit, TwoWay

_AMOUNT = WholeNumber(at_least=-1, at_most=1 << 40)
_TYPE = OneWord(ThreeWay)
_UNIT = OneWord(TimeUnit)
_HOUR = TimeUnit.HOURS.milliseconds


@dataclass(frozen=True)
class LifetimeKind(Kind[Lifetime]):
    """Keys: type, amount, unit. The portal has only type and hours."""

    parts: ClassVar[tuple[str, ...]] = ("type", "amount", "unit")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: Lifetime) -> Lifetime:
        kind, amount, unit = (*sent, None) if len(sent) == 2 else sent
        if spot.dialect is Dialect.PORTAL:
            unit = TimeUnit.HOURS.written(Dialect.PORTAL)
        overrides = isinstance(kind, str) and ThreeWay.read(kind) is ThreeWay.OVERRIDE
        if overrides and spot.dialect is Dialect.LEGACY:
            for name, part in (("amount", amount), ("unit", unit)):
                if part in (None, ""):
                    spot.refused("is required beside OVERRIDE_SERVER_DEFAULT", name)
        return Lifetime(
            type=_part(_TYPE, kind, spot, "type", default.type),
            amount=_part(_AMOUNT, amount, spot, "amount", default.amount),
            unit=_part(_UNIT, unit, spot, "unit", default.unit),
        )

    def written(self, value: Lifetime, writing: Writing, count: int) -> tuple[Any, ...]:
        kind = value.type.written(writing.dialect)
        if count == 2:
            if value.type is not ThreeWay.OVERRIDE:
                return (kind, None)
            return (kind, -(-value.amount * value.unit.milliseconds // _HOUR) if value.amount > 0 else value.amount)
        return (kind, value.amount, value.unit.written(writing.dialect))

    def stored(self, value: Lifetime) -> Any:
        return [str(value.type), value.amount, str(value.unit)]

    def loaded(self, raw: Any) -> Lifetime:
        kind, amount, unit = raw
        return Lifetime(ThreeWay(kind), _AMOUNT.loaded(amount), TimeUnit(unit))

    def described(self) -> dict[str, Any]:
        return {"type": "lifetime", "properties": _described(self.parts, (_TYPE, _AMOUNT, _UNIT))}


@dataclass(frozen=True)
class DurationKind(Kind["Duration | None"]):
    """Keys: amount, unit. Bounds are in milliseconds, whatever the unit."""

    parts: ClassVar[tuple[str, ...]] = ("amount", "unit")
    at_most: int = 8760 * _HOUR

    def read(self, sent: tuple[Any, ...], spot: Spot, default: Duration | None) -> Duration | None:
        amount = _part(_WHOLE, sent[0], spot, "amount", None)
        unit = _part(_ROLLING_UNIT, sent[1] if len(sent) > 1 else None, spot, "unit", None)
        if amount is None:
            return Duration(-1, unit) if unit is not None else default  # a unit alone is kept for the echo
        found = Duration(amount, unit)
        for objection in self.objections(found):
            spot.refused(objection, "amount")
        return found

    def objections(self, value: Duration | None) -> Iterator[str]:
        if value is not None and value.amount != -1 and not 0 <= value.milliseconds <= self.at_most:
            yield f"must be between 0 and {self.at_most // _HOUR} hours, or as long in another unit"

    def written(self, value: Duration | None, writing: Writing, count: int) -> tuple[Any, ...]:
        if value is None:
            return (None,) * count
        amount = None if value.amount == -1 else value.amount
        return (amount, None if value.unit is None else value.unit.written(writing.dialect))

    def stored(self, value: Duration | None) -> Any:
        return None if value is None else [value.amount, None if value.unit is None else str(value.unit)]

    def loaded(self, raw: Any) -> Duration | None:
        if raw is None:
            return None
        amount, unit = raw
        found = Duration(_WHOLE.loaded(amount), None if unit is None else RollingUnit(unit))
        for objection in self.objections(found):
            raise ValueError(objection)
        return found

    def described(self) -> dict[str, Any]:
        return {"type": "duration", "properties": _described(self.parts, (_WHOLE, _ROLLING_UNIT))}


_WHOLE = WholeNumber(at_least=-1)
_ROLLING_UNIT = OneWord(RollingUnit)
_OVERRIDES = OneWord(TwoWay)


@dataclass(frozen=True)
class OverrideKind(Kind[Override[Any]]):
    """Keys: type, then those of the value. `implied_in` names dialects where a value alone means OVERRIDE."""

    inner: Kind[Any]
    implied_in: frozenset[Dialect] = frozenset({Dialect.LEGACY})

    parts: ClassVar[tuple[str, ...]] = ("type", "value", "unit")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: Override[Any]) -> Override[Any]:
        implied = sent[0] is None and sent[1] is not None and spot.dialect in self.implied_in
        kind = TwoWay.OVERRIDE if implied else _part(_OVERRIDES, sent[0], spot, "type", TwoWay.SERVER_DEFAULT)
        value = default.value
        if any(part is not None for part in sent[1:]):
            inner = Spot(spot.dialect, f"{spot.field}.value", spot.problems)
            value = self.inner.read(sent[1:], inner, default.value)
        return Override(kind is TwoWay.OVERRIDE, value)

    def written(self, value: Override[Any], writing: Writing, count: int) -> tuple[Any, ...]:
        kind = (TwoWay.OVERRIDE if value.overrides else TwoWay.SERVER_DEFAULT).written(writing.dialect)
        if value.value is None:
            return (kind, *(None,) * (count - 1))
        return (kind, *self.inner.written(value.value, writing, count - 1))

    def stored(self, value: Override[Any]) -> Any:
        return [value.overrides, None if value.value is None else self.inner.stored(value.value)]

    def loaded(self, raw: Any) -> Override[Any]:
        overrides, value = raw
        if not isinstance(overrides, bool):
            raise ValueError("not an override")
        return Override(overrides, None if value is None else self.inner.loaded(value))

    def described(self) -> dict[str, Any]:
        return {"type": "override", "value": self.inner.described()}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        return (*_OVERRIDES.schemas(dialect, 1), *self.inner.schemas(dialect, count - 1))


def _part(kind: Any, raw: Any, spot: Spot, name: str, default: Any) -> Any:
    if raw is None or raw == "":
        return default
    return kind.read((raw,), Spot(spot.dialect, f"{spot.field}.{name}", spot.problems), default)


def _described(parts: tuple[str, ...], kinds: tuple[Kind[Any], ...]) -> dict[str, Any]:
    return {part: kind.described() for part, kind in zip(parts, kinds, strict=True)}
