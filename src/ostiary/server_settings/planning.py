"""What follows from a change of the configuration: what its parts are called, and what is not there afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from ostiary.server_settings import ServerSettings
from ostiary.server_settings.object_kinds import OBJECT_KINDS, ObjectKind
from ostiary.server_settings.objects import Objects

SCOPE, PROPERTY, DETAIL_TYPE = "scopes", "extended_properties", "detail_types"
"""Kinds of names that clients use and that are no ids of objects."""
NAMED_BY_CLIENTS = ("managers", "policies", "request_policies", "processor_policies")
"""Members of `Objects` whose ids clients name."""


def changed_members(kind: ObjectKind, before: Any, after: Any) -> Iterator[str]:
    """``list/id`` of a new object, else ``list/id.member`` of what differs: our names, never a value."""
    name = f"{kind.list_name}/{after.id}"
    if before is None:
        yield name
        return
    for one in fields(after):
        held = getattr(before, one.name), getattr(after, one.name)
        if held[0] == held[1]:
            continue
        plugins = [getattr(plugin, "configuration", None) for plugin in held]
        if one.name == "plugin" and plugins[0] is not None and type(plugins[0]) is type(plugins[1]):
            yield from (f"{name}.configuration.{path}" for path in _differing(*plugins))
        else:
            yield f"{name}.{one.name}"


def _differing(before: Any, after: Any) -> Iterator[str]:
    yield from (one.name for one in fields(after) if getattr(before, one.name) != getattr(after, one.name))


def without(objects: Objects, removed: Sequence[tuple[str, str]]) -> Objects:
    """The objects after some went; each is named by the list it stands in, and its id."""
    members: dict[str, Any] = {}
    for kind in OBJECT_KINDS:
        ids = {id_ for name, id_ in removed if name == kind.list_name}
        if not ids:
            continue
        held = getattr(objects, kind.member)
        if isinstance(held, Mapping):
            members[kind.member] = MappingProxyType({id_: one for id_, one in held.items() if id_ not in ids})
        else:
            members[kind.member] = tuple(one for one in held if one.id not in ids)
    return replace(objects, **members) if members else objects


def gone(
    settings: tuple[ServerSettings, ServerSettings], objects: tuple[Objects, Objects]
) -> frozenset[tuple[str, str]]:
    """What clients may name and will not find any more."""
    before, after = (_names(*of) for of in zip(settings, objects, strict=True))
    return frozenset(before - after)


def _names(settings: ServerSettings, objects: Objects) -> set[tuple[str, str]]:
    found = {(SCOPE, name) for name in settings.scope_book.descriptions if name}
    found |= {(PROPERTY, one.name) for one in settings.extended_properties.definitions}
    found |= {(DETAIL_TYPE, one.type) for one in objects.detail_types.values()}
    found |= {(member, id_) for member in NAMED_BY_CLIENTS for id_ in getattr(objects, member)}
    return found
