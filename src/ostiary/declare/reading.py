"""From a dialect's JSON to settings, telling every problem at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ostiary.declare.conditions import Condition
from ostiary.declare.declaration import Declaration, Declared
from ostiary.declare.kinds.kind import Spot
from ostiary.declare.problems import Problem
from ostiary.declare.settings import Key
from ostiary.words import Dialect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft(Generic[T]):
    """What was read. A setting with a problem holds its default, so that the rules can be asked about the rest."""

    value: T
    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]
    """Members that no setting has for a name, as dotted paths."""
    sent: frozenset[str]
    """The canonical names of the settings that were sent."""


def read(
    declaration: Declaration[T],
    body: Mapping[str, Any],
    dialect: Dialect,
    *,
    base: T,
    also_known: frozenset[str] = frozenset(),
    resource: str | None = None,
) -> Draft[T]:
    """Read `body`. `base` gives the values of settings that have no name in the dialect, or whose absence keeps them.

    Every other setting that is not sent takes its default. `also_known` are members that the dialect handles itself.
    """
    named = [(declared, key) for declared, key in declaration.in_dialect(dialect, resource) if key.read]
    taken = {declared.path: _take(body, declared, key, dialect) for declared, key in named}
    draft = declaration.with_values(base, {path: one.value for path, one in taken.items() if one.value is not KEPT})
    ignored = [declared for declared, key in named if key.only_when is not None and not key.only_when.holds(draft)]
    for declared in ignored:
        taken[declared.path] = _Taken(declared.setting.default, [], sent=False)
    draft = declaration.with_values(draft, {declared.path: declared.setting.default for declared in ignored})
    for declared, key in named:
        one = taken[declared.path]
        missing = not one.sent or one.value is None  # an empty reference is sent, and refers to nothing
        if missing and not one.problems and _is_required(key.required, draft):
            one.problems.append(Problem(declared.path, "is required"))
    return Draft(
        draft,
        tuple(problem for one in taken.values() for problem in one.problems),
        tuple(_unknown(body, declaration.known_members(dialect, also_known), "")),
        frozenset(path for path, one in taken.items() if one.sent),
    )


KEPT = object()
"""The setting was left out, and keeps the value it has."""


@dataclass(slots=True)
class _Taken:
    """What a body says about one setting."""

    value: Any
    problems: list[Problem]
    sent: bool


def _take(body: Mapping[str, Any], declared: Declared, key: Key, dialect: Dialect) -> _Taken:
    setting = declared.setting
    if not _is_named(body, key):
        return _Taken(KEPT if _keeps(key, dialect) else setting.default, [], sent=False)
    parts, spot = _sent(body, key, dialect, declared)
    if any(part is not None for part in parts) and not spot.problems:
        return _Taken(setting.kind.read(parts, spot, setting.default), spot.problems, sent=True)
    return _Taken(KEPT if _keeps(key, dialect) else setting.default, spot.problems, sent=False)


def _is_named(body: Mapping[str, Any], key: Key) -> bool:
    """Whether anything is sent under a name of the setting, or where the object would be that holds it."""
    names = (*key.names, *(alias for alias, _ in key.aliases)) if key.aliases else key.names
    return any(body.get(name.partition(".")[0]) is not None for name in names)


def _keeps(key: Key, dialect: Dialect) -> bool:
    return key.keep or (key.proposed and dialect is Dialect.LEGACY)


def _is_required(required: bool | Condition, draft: Any) -> bool:
    return required.holds(draft) if isinstance(required, Condition) else required


def _sent(body: Mapping[str, Any], key: Key, dialect: Dialect, declared: Declared) -> tuple[tuple[Any, ...], Spot]:
    spot = Spot(dialect, declared.path)
    parts = [_value_at(body, name, spot) for name in key.names]
    for alias, number in key.aliases:
        if parts[number] is None:
            parts[number] = _value_at(body, alias, spot)
    if declared.setting.kind.empty_is_absent:
        parts = [None if part == "" else part for part in parts]
    return tuple(parts), spot


def _value_at(body: Mapping[str, Any], name: str, spot: Spot) -> Any:
    """The member with this dotted name; null and an absent parent both count as absent."""
    if "." not in name:
        return body.get(name)
    here: Any = body
    steps = name.split(".")
    for number, step in enumerate(steps):
        if here is None:
            return None
        if not isinstance(here, Mapping):
            spot.malformed(f"{'.'.join(steps[:number])} must be an object")
            return None
        here = here.get(step)
    return here


def _unknown(body: Mapping[str, Any], known: dict[str, Any], before: str) -> list[str]:
    found = []
    for name, value in body.items():
        if name not in known:
            found.append(f"{before}{name}")
        elif known[name] and isinstance(value, Mapping):
            found.extend(_unknown(value, known[name], f"{before}{name}."))
    return found
