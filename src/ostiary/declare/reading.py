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
    values: dict[str, Any] = {}
    problems: dict[str, list[Problem]] = {}
    sent: set[str] = set()
    named = [(declared, key) for declared, key in declaration.in_dialect(dialect, resource) if key.read]
    for declared, key in named:
        parts, spot = _sent(body, key, dialect, declared)
        if any(part is not None for part in parts) and not spot.problems:
            sent.add(declared.path)
            values[declared.path] = declared.setting.kind.read(parts, spot, declared.setting.default)
        elif not _keeps(key, dialect):
            values[declared.path] = declared.setting.default
        problems[declared.path] = spot.problems
    draft = declaration.with_values(base, values)
    ignored = {declared.path for declared, key in named if key.only_when and not key.only_when.holds(draft)}
    draft = declaration.with_values(draft, {path: declaration.by_path[path].setting.default for path in ignored})
    for path in ignored:
        problems[path] = []
    for declared, key in named:
        if declared.path not in sent and _is_required(key.required, draft) and not problems[declared.path]:
            problems[declared.path].append(Problem(declared.path, "is required"))
    found = tuple(problem for of_one in problems.values() for problem in of_one)
    unknown = _unknown(body, _known(declaration, dialect, also_known), "")
    return Draft(draft, found, tuple(unknown), frozenset(sent))


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
    here: Any = body
    for step in name.split("."):
        if here is None:
            return None
        if not isinstance(here, Mapping):
            spot.malformed(f"{name.rpartition('.')[0]} must be an object")
            return None
        here = here.get(step)
    return here


def _known(declaration: Declaration[Any], dialect: Dialect, also: frozenset[str]) -> dict[str, Any]:
    """The names of the dialect as a tree; a leaf is an empty dict."""
    tree: dict[str, Any] = {}
    names = set(also)
    for _, key in declaration.in_dialect(dialect):
        names.update(key.names, (alias for alias, _ in key.aliases))
    for name in names:
        here = tree
        for step in name.split("."):
            here = here.setdefault(step, {})
    return tree


def _unknown(body: Mapping[str, Any], known: dict[str, Any], before: str) -> list[str]:
    found = []
    for name, value in body.items():
        if name not in known:
            found.append(f"{before}{name}")
        elif known[name] and isinstance(value, Mapping):
            found.extend(_unknown(value, known[name], f"{before}{name}."))
    return found
