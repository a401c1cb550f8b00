"""The settings of the server as a document changes them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ostiary.declare import Dialect, read
from ostiary.server_settings import DECLARATION, ServerSettings
from ostiary.server_settings.entries import path_in
from ostiary.server_settings.findings import ApplyProblem
from ostiary.server_settings.merging import merged
from ostiary.server_settings.object_kinds import RESOURCES
from ostiary.server_settings.settings.people import ExtendedProperties
from ostiary.server_settings.settings.registration import Registration

DYNAMIC = "dynamicClientRegistration"
METADATA = "clientMetadata"
Wrong = list[ApplyProblem]
"""What is wrong, by its path in the document."""


def apply_settings(
    settings: ServerSettings, now: Mapping[str, Any], document: Mapping[str, Any]
) -> tuple[ServerSettings, Wrong, tuple[str, ...]]:
    """The settings with what is present changed, what is wrong, and the members that mean nothing."""
    wrong: Wrong = []
    unknown: list[str] = []
    for resource in RESOURCES:
        given = document.get(resource)
        if resource not in document or resource == "extendedProperties":
            continue
        if not isinstance(given, Mapping):
            wrong.append(ApplyProblem(resource, "must be an object", malformed=True))
        else:
            body = merged(now[resource], given)
            settings = _with_resource(settings, resource, body, wrong, unknown)
    return _with_definitions(settings, document, wrong), wrong, tuple(unknown)


def _with_resource(
    settings: ServerSettings, resource: str, body: Mapping[str, Any], wrong: Wrong, unknown: list[str]
) -> ServerSettings:
    draft = read(
        DECLARATION,
        body,
        Dialect.ADMIN,
        base=settings,
        resource=resource,
        also_known=frozenset({METADATA}),
    )
    for problem in draft.problems:
        path = f"{resource}.{path_in(DECLARATION, Dialect.ADMIN, problem.field)}"
        wrong.append(ApplyProblem(path, problem.message, problem.malformed))
    unknown += [f"{resource}.{name}" for name in draft.unknown]
    if resource != "clientSettings":
        return draft.value
    if DYNAMIC not in body:  # its absence turns registration off, and forgets the rest
        return replace(draft.value, registration=Registration())
    return replace(draft.value, registration=replace(draft.value.registration, on=True))


def _with_definitions(settings: ServerSettings, document: Mapping[str, Any], wrong: Wrong) -> ServerSettings:
    """S100: one list, two views. Whichever view changes it counts; both may, if they agree."""
    before = settings.extended_properties.definitions
    client_settings = document.get("clientSettings")
    views = [("extendedProperties", document.get("extendedProperties"), "extendedProperties" in document)]
    if isinstance(client_settings, Mapping):
        views.append((f"clientSettings.{METADATA}", client_settings.get(METADATA), METADATA in client_settings))
    after: ExtendedProperties | None = None
    for path, given, is_there in views:
        if not is_there:
            continue
        found = _definitions(settings, path, given, wrong)
        if found is None or found.definitions == before:
            continue
        if after is not None and found != after:
            wrong.append(ApplyProblem(path, "says something else than extendedProperties"))
        after = found
    return settings if after is None else replace(settings, extended_properties=after)


def _definitions(settings: ServerSettings, path: str, given: Any, wrong: Wrong) -> ExtendedProperties | None:
    if not isinstance(given, list):
        wrong.append(ApplyProblem(path, "must be a list", malformed=True))
        return None
    draft = read(DECLARATION, {"items": given}, Dialect.ADMIN, base=settings, resource="extendedProperties")
    for problem in draft.problems:
        place = path_in(DECLARATION, Dialect.ADMIN, problem.field).removeprefix("items")
        wrong.append(ApplyProblem(f"{path}{place}", problem.message, problem.malformed))
    return None if draft.problems else draft.value.extended_properties
