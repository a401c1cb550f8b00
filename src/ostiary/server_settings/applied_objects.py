"""The configuration objects as a document changes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ostiary.declare import Dialect, Problem
from ostiary.server_settings.configuration import Seal, sealed
from ostiary.server_settings.descriptors import Family
from ostiary.server_settings.entries import one_entry
from ostiary.server_settings.findings import ApplyProblem
from ostiary.server_settings.merging import merged_object
from ostiary.server_settings.object_kinds import OBJECT_KINDS, ObjectKind
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.token_objects import AccessTokenManager, AccessTokenMapping

_FAMILIES = tuple(Family)


@dataclass(slots=True)
class Applied:
    """The objects with what is present changed."""

    objects: Objects
    problems: list[ApplyProblem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    """Where in the document an object stands: by list and id."""


def apply_objects(objects: Objects, now: Mapping[str, Any], document: Mapping[str, Any], seal: Seal | None) -> Applied:
    """Read every list of the document over what there is."""
    applied = Applied(objects)
    members: dict[str, Any] = {}
    for kind in OBJECT_KINDS:
        if kind.list_name not in document:
            continue
        given = document[kind.list_name]
        if not isinstance(given, list):
            applied.problems.append(ApplyProblem(kind.list_name, "must be a list", malformed=True))
            continue
        held = getattr(objects, kind.member)
        after = dict(held) if isinstance(held, Mapping) else {one.id: one for one in held}
        shown = {one["id"]: one for one in now[kind.list_name]}
        for number, one in enumerate(given):
            found = _one(kind, one, shown, after, applied, number, seal)
            if found is not None:
                after[found.id] = found
        members[kind.member] = tuple(after.values()) if kind.member == "mappings" else MappingProxyType(after)
    applied.objects = replace(objects, **members)
    return applied


def _one(
    kind: ObjectKind,
    given: Any,
    shown: Mapping[str, Any],
    after: Mapping[str, Any],
    applied: Applied,
    number: int,
    seal: Seal | None,
) -> Any:
    """The object of one element, or None after telling what is wrong with it."""
    at = f"{kind.list_name}[{number}]"
    if not isinstance(given, Mapping):
        applied.problems.append(ApplyProblem(at, "must be an object", malformed=True))
        return None
    id_ = computed_id(given) if kind.section is AccessTokenMapping else given.get("id")
    if not isinstance(id_, str) or not id_:
        applied.problems.append(ApplyProblem(f"{at}.id", "is required"))
        return None
    if applied.places.setdefault((kind.list_name, id_), number) != number:
        applied.problems.append(ApplyProblem(f"{at}.id", "stands in the list twice"))
        return None
    current = after.get(id_)
    body = merged_object(shown.get(id_, {}), given, _FAMILIES)
    found, problems, unknown = kind.entry.read_whole(body, Dialect.ADMIN, current)
    found, problems = _secured(found, current, seal, problems)
    applied.unknown += [f"{at}.{name}" for name in unknown]
    applied.unknown += [f"{at}.{one.field}" for one in problems if one.warning]
    wrong = [ApplyProblem(f"{at}.{one.field}", one.message, one.malformed) for one in problems if not one.warning]
    applied.problems += wrong
    return None if wrong else _finished(kind, found, id_, after)


def _secured(
    found: Any, current: Any, seal: Seal | None, problems: tuple[Problem, ...]
) -> tuple[Any, tuple[Problem, ...]]:
    """The object with the secrets of its configuration sealed."""
    plugin = getattr(found, "plugin", None)
    if plugin is None:
        return found, problems
    more: list[Problem] = []
    before = getattr(getattr(current, "plugin", None), "configuration", None)
    configuration = sealed(plugin.configuration, before, seal, more, "configuration")
    return replace(found, plugin=replace(plugin, configuration=configuration)), (*problems, *more)


def _finished(kind: ObjectKind, found: Any, id_: str, after: Mapping[str, Any]) -> Any:
    """The object with what the server says of it."""
    if isinstance(found, AccessTokenManager) and found.sequence_number == 0:
        return replace(found, sequence_number=1 + max((one.sequence_number for one in after.values()), default=0))
    return replace(found, id=id_) if kind.section is AccessTokenMapping else found


def computed_id(given: Mapping[str, Any]) -> str | None:
    """The id a mapping has by its context and manager; what is left out is taken from the id that was given."""
    entry_id = given.get("id")
    if "context" not in given and "accessTokenManagerRef" not in given:
        return entry_id if isinstance(entry_id, str) else None
    found, _ = one_entry(AccessTokenMapping).read(given, Dialect.ADMIN)
    return found.computed_id() if found.manager_id else None
