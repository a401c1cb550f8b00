"""``ostiary server show`` and ``apply``: the settings and objects of the server as one JSON object (behaviour §17.2).

Apply changes what is present and leaves the rest: members of an object one by one, lists as a whole, objects of a list
by their id, fields of a plug-in by their name; null puts a member back to its default. Everything that is wrong is told
at once, by its place in what was given, and then nothing is changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from ostiary.declare import Dialect, write
from ostiary.declare.kinds import Writing
from ostiary.ports.changes import SaveObject
from ostiary.ports.records import ObjectRecord
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.applied_objects import apply_objects
from ostiary.server_settings.applied_settings import DYNAMIC, METADATA, apply_settings
from ostiary.server_settings.configuration import Seal
from ostiary.server_settings.findings import Finding, shown
from ostiary.server_settings.object_checks import check_objects
from ostiary.server_settings.object_kinds import OBJECT_KINDS, RESOURCES, resource_of, settings_record
from ostiary.server_settings.objects import Objects, build
from ostiary.server_settings.references import dangling
from ostiary.server_settings.setting_checks import check_settings

_WRITING = Writing(Dialect.ADMIN)


@dataclass(frozen=True, slots=True)
class ApplyProblem:
    """One thing to put right in what was given."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ApplyRefused(Exception):
    """Nothing was changed; `problems` says all that is wrong."""

    def __init__(self, problems: Sequence[ApplyProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """What clients refer to by name, and must therefore not vanish."""

    scopes: AbstractSet[str] = field(default_factory=frozenset)
    extended_properties: AbstractSet[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an apply would do."""

    changes: tuple[SaveObject, ...]
    """Each on the condition that its record is still the one that was read."""
    changed: tuple[str, ...]
    """Our names of the settings, and ``list/id`` of the objects."""
    unknown: tuple[str, ...]
    """Members that mean nothing here; they are told and otherwise ignored."""


def show(settings: ServerSettings, objects: Objects) -> dict[str, Any]:
    """Everything, in the shapes of the administrative API. Secrets stand as sealed text, or not at all."""
    shown_settings: dict[str, Any] = {
        resource: write(DECLARATION, settings, _WRITING, resource=resource) for resource in RESOURCES
    }
    definitions = shown_settings["extendedProperties"]["items"]
    registration = shown_settings["clientSettings"]
    shown_settings["clientSettings"] = {METADATA: [_as_metadata(one) for one in definitions]}
    if settings.registration.on:
        shown_settings["clientSettings"][DYNAMIC] = registration[DYNAMIC]
    shown_settings["extendedProperties"] = definitions
    return shown_settings | {
        kind.list_name: [kind.entry.written(one, _WRITING) for one in _all(objects, kind.member)]
        for kind in OBJECT_KINDS
    }


def plan_apply(
    records: Sequence[ObjectRecord],
    document: Mapping[str, Any],
    *,
    seal: Seal | None = None,
    in_use: InUse | None = None,
) -> Plan:
    """The changes that make the records say what `document` says; raises `ApplyRefused`.

    `seal` protects new secrets of plug-ins; without it a document that brings one is refused.
    """
    settings, objects = build(records)
    now = show(settings, objects)
    problems = [ApplyProblem(name, "is not known") for name in document if name not in now]
    new_settings, wrong, unknown = apply_settings(settings, now, document)
    problems += [ApplyProblem(path, message) for path, message in wrong]
    applied = apply_objects(objects, now, document, seal)
    new_settings = _with_first_defaults(new_settings, objects, applied.objects)
    problems += [ApplyProblem(path, message) for path, message in applied.problems]
    if not problems:  # what could not be read stands at its default, and would only be complained about again
        old = set(_findings(settings, objects))
        new = [one for one in _findings(new_settings, applied.objects) if one not in old]
        problems += [_placed(one, applied.places) for one in (*new, *_vanished(settings, new_settings, in_use))]
    if problems:
        raise ApplyRefused(problems)
    return _planned(records, (settings, new_settings), (objects, applied.objects), (*unknown, *applied.unknown))


def _all(objects: Objects, member: str) -> Iterator[Any]:
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
    yield from dangling(settings, objects)


def _vanished(before: ServerSettings, after: ServerSettings, in_use: InUse | None) -> Iterator[Finding]:
    """Behaviour §17.3: a scope that a client names is not deleted."""
    if in_use is None:
        return
    gone = set(before.scope_book.descriptions) - set(after.scope_book.descriptions)
    for name in sorted(gone & in_use.scopes):
        yield Finding("authServerSettings", "", "scopes", f"{shown(name)} is in use by clients")
    names = [{one.name for one in settings.extended_properties.definitions} for settings in (before, after)]
    for name in sorted((names[0] - names[1]) & in_use.extended_properties):
        yield Finding("extendedProperties", "", "", f"{shown(name)} is in use by clients")


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
    changed = DECLARATION.changed(*settings)
    touched = {resource_of(DECLARATION.by_path[path]) for path in changed}
    proposed = [settings_record(resource, settings[1]) for resource in RESOURCES if resource in touched]
    names = list(changed)
    for kind in OBJECT_KINDS:
        before = {one.id: one for one in _all(objects[0], kind.member)}
        for one in _all(objects[1], kind.member):
            if before.get(one.id) != one:
                proposed.append(kind.record(one))
                names.append(f"{kind.list_name}/{one.id}")
    changes = tuple(
        SaveObject(replace(record, version=stored.get((record.kind, record.id), 0) + 1), stored.get(_key(record)))
        for record in proposed
    )
    return Plan(changes=changes, changed=tuple(names), unknown=unknown)


def _key(record: ObjectRecord) -> tuple[str, str]:
    return (record.kind, record.id)
