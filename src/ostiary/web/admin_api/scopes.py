"""Scopes and scope groups one by one: views of the lists in the authorization server's settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostiary import server_management
from ostiary.declare import Dialect
from ostiary.declare.schemas import schema_of
from ostiary.server_management import Current, Wish
from ostiary.server_settings.apply import shown_resource
from ostiary.server_settings.entries import one_entry
from ostiary.server_settings.object_kinds import SETTINGS
from ostiary.server_settings.scopes import OPENID, Scope, ScopeGroup
from ostiary.web.admin_api.configuration import Body, change, check_state, tag_after, tag_of
from ostiary.web.admin_api.operations import (
    FILTER,
    PAGING,
    Asked,
    Collection,
    Operation,
    QueryParameter,
    Schema,
    location_of,
    tagged,
)
from ostiary.web.admin_api.results import INVALID, REQUIRED, FieldError, invalid, not_found
from ostiary.web.call import NO_STORE, Reply

RESOURCE = "authServerSettings"
PATH = f"/oauth/{RESOURCE}/scopes"
INCLUDE_OPENID = "includeDefaultOpenId"
DESCRIPTION = "defaultScopeDescription"
WITH_OPENID = QueryParameter(INCLUDE_OPENID, {"type": "boolean"}, "Whether openid, which always is, is shown.")
SORT = QueryParameter("sortOrder", {"enum": ["ASC", "DESC"]}, "The order of the names.")


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of the four lists."""

    name: str
    """In the path."""
    member: str
    """In the authorization server's settings."""
    noun: str
    section: type[Any]

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{PATH}/{self.name}"


BUCKETS = (
    Bucket("commonScopes", "scopes", "common scope", Scope),
    Bucket("commonScopeGroups", "scopeGroups", "common scope group", ScopeGroup),
    Bucket("exclusiveScopes", "exclusiveScopes", "exclusive scope", Scope),
    Bucket("exclusiveScopeGroups", "exclusiveScopeGroups", "exclusive scope group", ScopeGroup),
)
Entries = Sequence[Mapping[str, Any]]


class _Answers:
    """The operations of one collection."""

    def __init__(self, bucket: Bucket) -> None:
        self._of = bucket

    async def retrieve_all(self, asked: Asked) -> Reply:
        """GET of the collection: with the number of all that fit, whatever the page."""
        now = await server_management.current(asked.server)
        entries = list(self._entries(now))
        asks = asked.query.get(INCLUDE_OPENID, "").lower() == "true"
        if asks and self._of.member == "scopes" and all(one["name"] != OPENID for one in entries):
            entries.append({"name": OPENID, "description": "", "dynamic": False})
        wanted = asked.query.get("filter", "").casefold()
        found = [one for one in entries if wanted in f"{one['name']}\n{one['description']}".casefold()]
        order = asked.query.get("sortOrder", "")
        if order:
            if order not in ("ASC", "DESC"):
                raise invalid([FieldError(INVALID, "must be ASC or DESC", "sortOrder")])
            found.sort(key=lambda one: str(one["name"]), reverse=order == "DESC")
        skip, most = asked.page() or (0, len(found))
        return Reply.json({"items": found[skip : skip + most], "totalItems": len(found)}, headers=NO_STORE)

    async def create(self, asked: Asked) -> Reply:
        """POST: at the end of the list."""
        body = await asked.body()

        def laid(entries: Entries) -> tuple[list[Any], int]:
            return [*entries, body], len(entries)

        return await self._saved(asked, laid, str(body.get("name", "")), 201)

    async def retrieve(self, asked: Asked) -> Reply:
        """GET of one."""
        now = await server_management.current(asked.server)
        entries = self._entries(now)
        tag = tag_of(now.record(SETTINGS, RESOURCE))
        return tagged(entries[self._number(entries, asked.ids[0])], tag)

    async def replace(self, asked: Asked) -> Reply:
        """PUT of one: in its place. The path says which; its name may be left out."""
        name = asked.ids[0]
        body = {**await asked.body(), "name": name}

        def laid(entries: Entries) -> tuple[list[Any], int]:
            number = self._number(entries, name)
            return [*entries[:number], body, *entries[number + 1 :]], number

        return await self._saved(asked, laid, name, 200)

    async def delete(self, asked: Asked) -> Reply:
        """DELETE of one; refused while clients name it."""

        def laid(entries: Entries) -> tuple[list[Any], int]:
            number = self._number(entries, asked.ids[0])
            return [*entries[:number], *entries[number + 1 :]], number

        await change(asked, self._wish(asked, laid, []))
        return Reply(204, b"", b"", NO_STORE)

    async def _saved(
        self, asked: Asked, laid: Callable[[Entries], tuple[list[Any], int]], name: str, status: int
    ) -> Reply:
        seen: list[Current] = []
        plan = await change(asked, self._wish(asked, laid, seen))
        entries = shown_resource(plan.settings, RESOURCE)[self._of.member]
        tag = tag_after(plan, seen[-1].records, SETTINGS, RESOURCE)
        more = (location_of(self._of.path, name),) if status == 201 else ()
        return tagged(entries[self._number(entries, name)], tag, status, *more)

    def _wish(
        self, asked: Asked, laid: Callable[[Entries], tuple[list[Any], int]], seen: list[Current]
    ) -> Callable[[Current], tuple[Wish, Body]]:
        def wish(current: Current) -> tuple[Wish, Body]:
            check_state(asked, current, SETTINGS, RESOURCE)
            seen.append(current)
            entries, number = laid(self._entries(current))
            return Wish(document={RESOURCE: {self._of.member: entries}}), Body(
                f"{RESOURCE}.{self._of.member}[{number}]"
            )

        return wish

    def _entries(self, current: Current) -> Entries:
        found: Entries = shown_resource(current.settings, RESOURCE)[self._of.member]
        return found

    def _number(self, entries: Entries, name: str) -> int:
        for number, one in enumerate(entries):
            if one["name"] == name:
                return number
        raise not_found(self._of.noun, name)


async def default_scope(asked: Asked) -> Reply:
    """GET …/scopes/defaultScope: what people are told when a client asks for no scope in particular."""
    now = await server_management.current(asked.server)
    described = {"description": shown_resource(now.settings, RESOURCE)[DESCRIPTION]}
    return tagged(described, tag_of(now.record(SETTINGS, RESOURCE)))


async def replace_default_scope(asked: Asked) -> Reply:
    """PUT …/scopes/defaultScope"""
    body = await asked.body()
    if "description" not in body:
        raise invalid([FieldError(REQUIRED, "is required", "description")])
    seen: list[Current] = []

    def wish(current: Current) -> tuple[Wish, Body]:
        check_state(asked, current, SETTINGS, RESOURCE)
        seen.append(current)
        return Wish(document={RESOURCE: {DESCRIPTION: body["description"]}}), Body(
            f"{RESOURCE}.{DESCRIPTION}", "description"
        )

    plan = await change(asked, wish)
    described = {"description": shown_resource(plan.settings, RESOURCE)[DESCRIPTION]}
    return tagged(described, tag_after(plan, seen[-1].records, SETTINGS, RESOURCE))


def _schema(section: type[Any]) -> Schema:
    name = "ScopeEntry" if section is Scope else "ScopeGroupEntry"
    return Schema(name, lambda: schema_of(one_entry(section).declaration, Dialect.ADMIN))


def _page_of(one: Schema) -> Schema:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{one.name}"}}
    members = {"items": items, "totalItems": {"type": "integer"}}
    return Schema(f"{one.name}Page", lambda: {"type": "object", "properties": members}, one)


def _operations(of: Bucket) -> tuple[Operation, ...]:
    answers, one = _Answers(of), _schema(of.section)
    also = (WITH_OPENID,) if of.member == "scopes" else ()
    return Collection(
        path=of.path,
        named="name",
        noun=of.noun,
        one=one,
        several=_page_of(one),
        retrieve_all=answers.retrieve_all,
        create=answers.create,
        retrieve=answers.retrieve,
        replace=answers.replace,
        delete=answers.delete,
        query=(*PAGING, FILTER, SORT, *also),
    ).operations()


DEFAULT_SCOPE = Schema(
    "DefaultScope",
    lambda: {"type": "object", "properties": {"description": {"type": "string"}}, "required": ["description"]},
)
OPERATIONS = (
    *(operation for bucket in BUCKETS for operation in _operations(bucket)),
    Operation(
        method="GET",
        path=f"{PATH}/defaultScope",
        answer=default_scope,
        summary="What people are told when no scope was asked for",
        gives=DEFAULT_SCOPE,
        versioned=True,
    ),
    Operation(
        method="PUT",
        path=f"{PATH}/defaultScope",
        answer=replace_default_scope,
        summary="Change what people are told when no scope was asked for",
        takes=DEFAULT_SCOPE,
        gives=DEFAULT_SCOPE,
        fails=(400, 422),
        versioned=True,
    ),
)
