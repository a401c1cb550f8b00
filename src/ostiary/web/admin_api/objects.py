"""The configuration objects: one mechanism for every kind that `server_settings.object_kinds` knows."""

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary import server_management
from ostiary.declare import Dialect
from ostiary.declare.kinds import Writing
from ostiary.declare.schemas import schema_of
from ostiary.server_management import Beside, Current, Wish
from ostiary.server_settings.applied_objects import computed_id
from ostiary.server_settings.apply import all_of
from ostiary.server_settings.object_kinds import OBJECT_KINDS, ObjectKind
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.token_objects import AccessTokenMapping
from ostiary.web.admin_api.configuration import Body, change, check_state, tag_after, tag_of
from ostiary.web.admin_api.operations import Asked, Collection, Operation, Schema, listed, location_of, tagged
from ostiary.web.admin_api.results import ID_IN_USE, INVALID, FieldError, invalid, not_found
from ostiary.web.admin_api.shapes import array_of, list_of
from ostiary.web.call import NO_STORE, Reply

NEEDED_IS_FORBIDDEN = frozenset(
    {"accessTokenManagers", "outOfBandAuthPlugins", "clientRegistrationPolicies", "authorizationDetailProcessors"}
)
"""Kinds of which the deletion of one that is in use is answered 403 instead of 422."""
ASSIGNED = frozenset({"issuers", "authorizationDetailTypes", "additionalKeySets"})
"""Kinds whose objects are given an id when they bring none."""
SPECIAL = frozenset({"certificateAuthorities"})
"""Kinds that are written in another way than they are read."""
_WRITING = Writing(Dialect.ADMIN)
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Given:
    """A body, as it is declared, and what is committed beside the object it describes."""

    body: Mapping[str, Any]
    beside: Beside | None = None


class Manners:
    """How objects of a kind look in bodies; where that is not just what is declared, a kind has manners of its own."""

    async def read(self, asked: Asked, body: Mapping[str, Any], id_: str) -> Given:
        """From a body to what is declared. `id_` is that of the path, empty for a new object. Raises `ApiRefused`."""
        return Given(body)

    async def written(self, asked: Asked, kind: ObjectKind, one: Any) -> dict[str, Any]:
        """From an object to what is answered."""
        return as_declared(kind, one)


def as_declared(kind: ObjectKind, one: Any) -> dict[str, Any]:
    """The object as JSON."""
    return kind.entry.written(one, _WRITING)


PLAIN = Manners()


class Resource:
    """The operations of one kind."""

    def __init__(self, kind: ObjectKind, manners: Manners = PLAIN) -> None:
        self.kind = kind
        self._manners = manners
        self._place = f"{kind.list_name}[0]"
        self._is_mapping = kind.section is AccessTokenMapping

    async def retrieve_all(self, asked: Asked) -> Reply:
        """GET of the collection. The mappings come as a bare list, as tools expect them."""
        now = await server_management.current(asked.server)
        items = [await self._written(asked, one) for one in all_of(now.objects, self.kind.member)]
        return Reply.json(items, headers=NO_STORE) if self._is_mapping else listed(items)

    async def create(self, asked: Asked) -> Reply:
        """POST: a new one."""
        given = await self._manners.read(asked, await asked.body(), "")
        body = dict(given.body)
        if self.kind.list_name in ASSIGNED and not body.get("id"):
            body["id"] = "".join(secrets.choice(_LETTERS) for _ in range(20))
        id_ = computed_id(body) if self._is_mapping else body.get("id")

        def check(current: Current) -> None:
            if isinstance(id_, str) and find(current.objects, self.kind, id_) is not None:
                raise invalid([FieldError(ID_IN_USE, "this id is in use already", "id")])

        return await self._saved(asked, Given(body, given.beside), str(id_ or ""), check, 201)

    async def retrieve(self, asked: Asked) -> Reply:
        """GET of one."""
        now = await server_management.current(asked.server)
        found = self._found(now, asked.ids[0])
        return tagged(await self._written(asked, found), tag_of(now.record(self.kind.kind, asked.ids[0])))

    async def replace(self, asked: Asked) -> Reply:
        """PUT of one: what is left out goes back to its default; the path says which."""
        id_ = asked.ids[0]
        given = await self._manners.read(asked, await asked.body(), id_)
        body = {**given.body, "id": id_}

        def check(current: Current) -> None:
            self._found(current, id_)
            if self._is_mapping and computed_id(body) not in (None, id_):
                message = f"this context and manager make the id {computed_id(body)}, which is another mapping"
                raise invalid([FieldError(INVALID, message, "context")])

        return await self._saved(asked, Given(body, given.beside), id_, check, 200)

    async def delete(self, asked: Asked) -> Reply:
        """DELETE of one, unless something needs it."""
        id_ = asked.ids[0]

        def making(current: Current) -> tuple[Wish, Body]:
            self._found(current, id_)
            check_state(asked, current, self.kind.kind, id_)
            return Wish(removed=((self.kind.list_name, id_),), replaces=True), Body(self._place)

        status = 403 if self.kind.list_name in NEEDED_IS_FORBIDDEN else 422
        await change(asked, making, in_use_status=status)
        return Reply(204, b"", b"", NO_STORE)

    async def _saved(
        self, asked: Asked, given: Given, id_: str, check: Callable[[Current], None], status: int
    ) -> Reply:
        seen: list[Current] = []

        def making(current: Current) -> tuple[Wish, Body]:
            check(current)
            check_state(asked, current, self.kind.kind, id_)
            seen.append(current)
            document = {self.kind.list_name: [given.body]}
            return Wish(document=document, replaces=True, beside=given.beside), Body(self._place)

        plan = await change(asked, making)
        found = find(plan.objects, self.kind, id_)
        tag = tag_after(plan, seen[-1].records, self.kind.kind, id_)
        more = (location_of(self.kind.path, id_),) if status == 201 else ()
        return tagged(await self._written(asked, found), tag, status, *more)

    def _found(self, current: Current, id_: str) -> Any:
        found = find(current.objects, self.kind, id_)
        if found is None:
            raise not_found(noun_of(self.kind), id_)
        return found

    async def _written(self, asked: Asked, one: Any) -> dict[str, Any]:
        return await self._manners.written(asked, self.kind, one)


def find(objects: Objects, kind: ObjectKind, id_: str) -> Any:
    """The object of this id, or None."""
    return next((one for one in all_of(objects, kind.member) if one.id == id_), None)


def noun_of(kind: ObjectKind) -> str:
    """What one is called."""
    return kind.kind.replace("-", " ")


def schema_for(kind: ObjectKind) -> Schema:
    """The shape of one."""

    def described() -> dict[str, Any]:
        found = schema_of(kind.entry.declaration, Dialect.ADMIN)
        if kind.list_name in ASSIGNED:
            found["required"] = [name for name in found["required"] if name != "id"]
        return found

    return Schema(kind.section.__name__, described)


def operations_of(resource: Resource) -> tuple[Operation, ...]:
    """The five operations of a kind."""
    kind, one = resource.kind, schema_for(resource.kind)
    return Collection(
        path=kind.path,
        noun=noun_of(kind),
        one=one,
        several=array_of(one) if kind.section is AccessTokenMapping else list_of(one),
        retrieve_all=resource.retrieve_all,
        create=resource.create,
        retrieve=resource.retrieve,
        replace=resource.replace,
        delete=resource.delete,
        in_use=403 if kind.list_name in NEEDED_IS_FORBIDDEN else 422,
    ).operations()


def operations(manners: Mapping[str, Manners]) -> tuple[Operation, ...]:
    """The operations of every kind; `manners` are those of the lists that have their own."""
    resources = (Resource(kind, manners.get(kind.list_name, PLAIN)) for kind in OBJECT_KINDS)
    return tuple(
        operation
        for resource in resources
        if resource.kind.list_name not in SPECIAL
        for operation in operations_of(resource)
    )
