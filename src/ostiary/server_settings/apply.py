"""How the settings and objects of the server change, whichever interface the change came through (behaviour §17.2).

``ostiary server apply`` changes what is present and leaves the rest: members of an object one by one, lists as a whole,
objects of a list by their id, fields of a plug-in by their name; null puts a member back to its default. The
administrative API replaces what a call names. Everything that is wrong is told at once, by its place in what was given,
and then nothing is changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from ostiary.declare import Dialect, write
from ostiary.declare.kinds import Writing
from ostiary.ports.changes import RemoveObject, SaveObject
from ostiary.ports.records import ObjectRecord
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.applied_objects import apply_objects
from ostiary.server_settings.applied_settings import DYNAMIC, METADATA, apply_settings
from ostiary.server_settings.configuration import Seal
from ostiary.server_settings.findings import ApplyProblem, Finding
from ostiary.server_settings.object_checks import check_objects
from ostiary.server_settings.object_kinds import OBJECT_KINDS, RESOURCES, resource_of, settings_record
from ostiary.server_settings.objects import Objects, build
from ostiary.server_settings.planning import changed_members, gone, without
from ostiary.server_settings.references import dangling
from ostiary.server_settings.setting_checks import check_settings

__all__ = ["ApplyProblem", "ApplyRefused", "Plan", "plan_apply", "show", "shown_resource"]

_WRITING = Writing(Dialect.ADMIN)
Removed = Sequence[tuple[str, str]]
"""Objects that go: the list they stand in, and their id."""


class ApplyRefused(Exception):
    """Nothing was changed; `problems` says all that is wrong."""

    def __init__(self, problems: Sequence[ApplyProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an apply would do."""

    changes: tuple[SaveObject | RemoveObject, ...]
    """Each on the condition that its record is still the one that was read."""
    changed: tuple[str, ...]
    """Our names of the settings, ``list/id.member`` of objects, ``list/id`` of those that are new or go."""
    unknown: tuple[str, ...]
    """Members that mean nothing here; they are told and otherwise ignored."""
    gone: frozenset[tuple[str, str]] = frozenset()
    """What will not be there any more and clients may name: the kind of name (see `clients.naming`) and the name."""
    settings: ServerSettings = field(default_factory=ServerSettings, compare=False, repr=False)
    objects: Objects = field(default_factory=Objects, compare=False, repr=False)


def show(settings: ServerSettings, objects: Objects) -> dict[str, Any]:
    """Everything, in the shapes of the administrative API. Secrets stand as sealed text, or not at all."""
    resources: dict[str, Any] = {resource: shown_resource(settings, resource) for resource in RESOURCES}
    return resources | {
        kind.list_name: [kind.entry.written(one, _WRITING) for one in all_of(objects, kind.member)]
        for kind in OBJECT_KINDS
    }


def shown_resource(settings: ServerSettings, resource: str) -> Any:
    """The settings of one resource; extended properties are a list, and the client settings have a view of them."""
    found = write(DECLARATION, settings, _WRITING, resource=resource)
    if resource == "extendedProperties":
        return found["items"]
    if resource != "clientSettings":
        return found
    definitions = shown_resource(settings, "extendedProperties")
    dynamic = {DYNAMIC: found[DYNAMIC]} if settings.registration.on else {}
    return {METADATA: [_as_metadata(one) for one in definitions], **dynamic}


def plan_apply(
    records: Sequence[ObjectRecord],
    document: Mapping[str, Any],
    *,
    seal: Seal | None = None,
    replaces: bool = False,
    removed: Removed = (),
) -> Plan:
    """The changes that make the records say what `document` says; raises `ApplyRefused`.

    `seal` protects new secrets of plug-ins; without it a document that brings one is refused. With `replaces` what is
    present is replaced as a whole, so that what it leaves out gets its default.
    """
    settings, objects = build(records)
    now = show(settings, objects)
    problems = [ApplyProblem(name, "is not known") for name in document if name not in now]
    base = {name: {} if isinstance(value, Mapping) else [] for name, value in now.items()} if replaces else now
    new_settings, wrong, unknown = apply_settings(settings, base, document)
    problems += wrong
    applied = apply_objects(objects, base, document, seal)
    problems += applied.problems
    new_objects = without(applied.objects, removed)
    new_settings = _with_first_defaults(new_settings, objects, new_objects)
    if not problems:  # what could not be read stands at its default, and would only be complained about again
        old = set(_findings(settings, objects))
        new = [one for one in _findings(new_settings, new_objects) if one not in old]
        touched = {(place, id_) for place, id_ in applied.places}
        told = [one for one in new if not (replaces and one.follows and (one.place, one.id) not in touched)]
        problems += [_placed(one, applied.places) for one in told]
    if problems:
        raise ApplyRefused(problems)
    plan = _planned(records, (settings, new_settings), (objects, new_objects), (*unknown, *applied.unknown))
    return replace(plan, gone=gone((settings, new_settings), (objects, new_objects)))


def all_of(objects: Objects, member: str) -> Iterator[Any]:
    """Every object of one kind."""
    held = getattr(objects, member)
    yield from held.values() if isinstance(held, Mapping) else held


def _as_metadata(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameter": definition["name"]} | {name: v for name, v in definition.items() if name != "name"}


def _with_first_defaults(settings: ServerSettings, before: Objects, after: Objects) -> ServerSettings:
    """The first object of its kind becomes the default one, unless the document names another."""
    chosen = {}
    for name, pool in (
        ("manager", "managers"),
        ("policy", "policies"),
        ("request_policy", "request_policies"),
        ("processor_policy", "processor_policies"),
    ):
        if getattr(settings.defaults, name) is None and not getattr(before, pool) and getattr(after, pool):
            chosen[f"defaults.{name}"] = next(iter(getattr(after, pool)))
    return DECLARATION.with_values(settings, chosen)


def _findings(settings: ServerSettings, objects: Objects) -> Iterator[Finding]:
    yield from check_settings(settings)
    yield from check_objects(objects)
    if objects.managers and not settings.defaults.manager:
        message = "is required as long as there are access token managers: nothing could be issued without it"
        yield Finding("accessTokenManagerSettings", "", "defaultAccessTokenManagerRef", message)
    yield from dangling(settings, objects)


def _placed(finding: Finding, places: Mapping[tuple[str, str], int]) -> ApplyProblem:
    """The finding at its place in the document; objects the document does not hold are named by their id."""
    place = finding.place
    if finding.id:
        number = places.get((finding.place, finding.id))
        place += f"[{finding.id if number is None else number}]"
    separator = "" if not finding.path or finding.path.startswith("[") else "."
    return ApplyProblem(f"{place}{separator}{finding.path}", finding.message)


def _planned(
    records: Sequence[ObjectRecord],
    settings: tuple[ServerSettings, ServerSettings],
    objects: tuple[Objects, Objects],
    unknown: tuple[str, ...],
) -> Plan:
    stored = {(record.kind, record.id): record.version for record in records}
    names = list(DECLARATION.changed(*settings))
    touched = {resource_of(DECLARATION.by_path[path]) for path in names}
    proposed = [settings_record(resource, settings[1]) for resource in RESOURCES if resource in touched]
    removals = []
    for kind in OBJECT_KINDS:
        before, after = ({one.id: one for one in all_of(of, kind.member)} for of in objects)
        for id_, one in after.items():
            if before.get(id_) != one:
                proposed.append(kind.record(one))
                names += changed_members(kind, before.get(id_), one)
        for id_ in before.keys() - after.keys():
            removals.append(RemoveObject(kind.kind, id_, stored.get((kind.kind, id_))))
            names.append(f"{kind.list_name}/{id_}")
    changes = tuple(
        SaveObject(
            structs.replace(record, version=stored.get((record.kind, record.id), 0) + 1), stored.get(_key(record))
        )
        for record in proposed
    )
    return Plan(
        changes=(*changes, *removals),
        changed=tuple(names),
        unknown=unknown,
        settings=settings[1],
        objects=objects[1],
    )


def _key(record: ObjectRecord) -> tuple[str, str]:
    return (record.kind, record.id)
