"""``/bulk/export`` and ``/bulk/import``: everything at once, and all of it or nothing."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ostiary import server_management
from ostiary.client_management import registry_under
from ostiary.clients.client import Client
from ostiary.clients.dialects import admin
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.prepared import unit_of
from ostiary.clients.registry import ClientInUse, ClientsRefused
from ostiary.clients.sectors import Unreachable
from ostiary.ports.changes import Change
from ostiary.ports.events import Happening
from ostiary.server_management import ConfigurationChanged, Current, ObjectInUse, Wish
from ostiary.server_settings.apply import ApplyRefused, Plan, all_of, shown_resource
from ostiary.server_settings.object_kinds import OBJECT_KINDS, ObjectKind
from ostiary.web.admin_api import certificates, clients
from ostiary.web.admin_api.configuration import error_at
from ostiary.web.admin_api.objects import as_declared
from ostiary.web.admin_api.operations import STRICTLY, Asked, Operation, Schema
from ostiary.web.admin_api.results import (
    IN_USE,
    INVALID,
    MALFORMED,
    REQUIRED,
    FieldError,
    changed_meanwhile,
    error_of,
    invalid,
    shown,
)
from ostiary.web.admin_api.settings import VIEWS, View
from ostiary.web.call import NO_STORE, Reply

MOST_BYTES = 64 << 20
"""What an import may weigh; larger heaps are for the command line."""
SAVE, DELETE = "SAVE", "DELETE"
_JSON = msgspec.json.Encoder()
_VIEWS = {view.path: view for view in VIEWS}
_KINDS = {kind.path: kind for kind in OBJECT_KINDS}


async def export(asked: Asked) -> Reply:
    """GET /bulk/export: secrets as text that stands for them here, and no administrators."""
    metadata = {"product": "Ostiary", "issuer": asked.server.issuer}
    head = b'{"metadata":' + _JSON.encode(metadata) + b',"operations":['
    now = await server_management.current(asked.server)
    parts = [_saving(view.path, [view.shown(shown_resource(now.settings, view.resource))]) for view in VIEWS]
    parts += [_saving(kind.path, _items(kind, now)) for kind in OBJECT_KINDS]
    return Reply(200, head + b",".join(parts), headers=NO_STORE, stream=_clients(asked))


def _saving(path: str, items: Sequence[Any]) -> bytes:
    return _JSON.encode({"resourceType": path, "operationType": SAVE, "items": items})


def _items(kind: ObjectKind, now: Current) -> list[dict[str, Any]]:
    return [as_declared(kind, one) for one in all_of(now.objects, kind.member)]


async def _clients(asked: Asked) -> AsyncIterator[bytes]:
    yield b',{"resourceType":"%s","operationType":"%s","items":[' % (clients.COLLECTION.encode(), SAVE.encode())
    async for items in clients.items_of_all(asked):
        yield items
    yield b"]}]}"


# Import ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Asked:
    """What the operations of a body ask for, and where in it each thing stands."""

    views: list[tuple[View, Mapping[str, Any], str]] = field(default_factory=list)
    objects: dict[str, list[tuple[Mapping[str, Any], str]]] = field(default_factory=dict)
    removed: list[tuple[str, str]] = field(default_factory=list)
    clients: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)
    removed_clients: list[str] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)


async def import_all(asked: Asked) -> Reply:
    """POST /bulk/import"""
    wanted = _read(await asked.body(MOST_BYTES))
    if wanted.errors:
        raise invalid(wanted.errors, malformed=any(one.error_id == MALFORMED for one in wanted.errors))
    drafts = [_client_reader(asked, body, place) for body, place in wanted.clients]
    ids = [admin.id_in(body) for body, _ in wanted.clients]

    async def beside(plan: Plan) -> Sequence[Change | Happening]:
        # Nobody else's change waits for slow servers: sector documents are looked at before the first use.
        rules = registry_under(asked.server, plan.settings, plan.objects, Unreachable.SKIP)
        made = await rules.prepare_many(list(zip(ids, drafts, strict=True)))
        gone = await rules.prepare_removals(wanted.removed_clients)
        return unit_of([*made, *gone], asked.by.username)

    def wish(current: Current) -> Wish:
        document: dict[str, Any] = {}
        for view, body, _ in wanted.views:
            whole = document.get(view.resource, shown_resource(current.settings, view.resource))
            document[view.resource] = view.laid(body, whole)
        for name, items in wanted.objects.items():
            document[name] = [certificates.read(one) if name == _AUTHORITIES else one for one, _ in items]
        return Wish(
            document=document,
            replaces=True,
            removed=tuple(wanted.removed),
            beside=beside,
            clients=frozenset((*ids, *wanted.removed_clients)),
            look=lambda plan: asked.check_known(_place_of(wanted, path) or path for path in plan.unknown),
        )

    await _changed(asked, wish, wanted)
    return Reply.json({"resultId": "imported"}, headers=NO_STORE)


_AUTHORITIES = certificates.KIND.list_name


async def _changed(asked: Asked, wish: Callable[[Current], Wish], wanted: _Asked) -> None:
    try:
        await server_management.change(asked.server, wish, asked.by.username)
    except ApplyRefused as refused:
        errors = [error_at(one, _place_of(wanted, one.path)) for one in refused.problems]
        raise invalid(errors, malformed=any(one.malformed for one in refused.problems)) from None
    except ObjectInUse as used:
        raise invalid([FieldError(IN_USE, f"{used.list_name} {shown(used.id)} {used}")]) from None
    except ClientInUse as used_client:
        message = f"the client {shown(used_client.client_id)} is in use by {used_client.where}"
        raise invalid([FieldError(IN_USE, message)]) from None
    except ClientsRefused as refused_clients:
        told = []
        for _, problem in refused_clients.problems:
            path = f"{wanted.clients[problem.index or 0][1]}.{admin.name_of(problem.field)}"
            told.append(error_of(problem, path))
        raise invalid(told, malformed=refused_clients.malformed) from None
    except ConfigurationChanged:
        raise changed_meanwhile(asked.call) from None


def _client_reader(asked: Asked, body: Mapping[str, Any], place: str) -> Callable[[Client | None], ClientDraft]:
    def read(current: Client | None) -> ClientDraft:
        draft = admin.read(body, current)
        asked.check_known(f"{place}.{path}" for path in draft.unknown)
        return draft

    return read


def _place_of(wanted: _Asked, path: str) -> str | None:
    """Where in the body a path of the configuration stands; None when the body does not hold it."""
    found = _OF_OBJECT.fullmatch(path)
    if found is not None and found["list"] in wanted.objects and found["number"].isdigit():
        return wanted.objects[found["list"]][int(found["number"])][1] + found["rest"]
    for view, _, place in wanted.views:
        if re.match(rf"{view.resource}\b", path):
            rest = path.removeprefix(view.resource)
            return f"{place}.items{rest}" if view.items else place + rest
    return None


_OF_OBJECT = re.compile(r"(?P<list>\w+)\[(?P<number>[^\]]+)\](?P<rest>.*)")


def _read(body: Mapping[str, Any]) -> _Asked:
    wanted = _Asked()
    operations = body.get("operations")
    if not isinstance(operations, list):
        wanted.errors.append(FieldError(REQUIRED if operations is None else MALFORMED, "must be a list", "operations"))
        return wanted
    for number, operation in enumerate(operations):
        _read_operation(operation, f"operations[{number}]", wanted)
    wanted.errors += _contradictions(wanted)
    return wanted


def _contradictions(wanted: _Asked) -> Iterator[FieldError]:
    """What is both saved and deleted: nobody can tell which was meant."""
    message = "is deleted by the same import"
    removed_clients = set(wanted.removed_clients)
    for body, place in wanted.clients:
        if admin.id_in(body) in removed_clients:
            yield FieldError(INVALID, message, f"{place}.clientId")
    removed = set(wanted.removed)
    for name, items in wanted.objects.items():
        for one, place in items:
            if (name, one.get("id")) in removed:
                yield FieldError(INVALID, message, f"{place}.id")


def _read_operation(operation: Any, at: str, wanted: _Asked) -> None:
    if not isinstance(operation, Mapping):
        wanted.errors.append(FieldError(MALFORMED, "must be an object", at))
        return
    path, kind = operation.get("resourceType"), operation.get("operationType", SAVE)
    if not isinstance(path, str):
        wanted.errors.append(FieldError(MALFORMED, "must be a text", f"{at}.resourceType"))
    elif path != clients.COLLECTION and path not in _VIEWS and path not in _KINDS:
        wanted.errors.append(FieldError(INVALID, "is not a resource that can be imported", f"{at}.resourceType"))
    elif kind == SAVE:
        _read_items(path, operation.get("items", []), f"{at}.items", wanted)
    elif kind == DELETE and path not in _VIEWS:
        _read_ids(path, operation.get("itemIds", []), f"{at}.itemIds", wanted)
    else:
        wanted.errors.append(FieldError(MALFORMED, f"must be {SAVE}, or {DELETE} for objects", f"{at}.operationType"))


def _read_items(path: str, items: Any, at: str, wanted: _Asked) -> None:
    if not isinstance(items, list):
        wanted.errors.append(FieldError(MALFORMED, "must be a list", at))
        return
    for number, item in enumerate(items):
        place = f"{at}[{number}]"
        if not isinstance(item, Mapping):
            wanted.errors.append(FieldError(MALFORMED, "must be an object", place))
        elif path == clients.COLLECTION:
            wanted.clients.append((item, place))
        elif path in _VIEWS:
            wanted.views.append((_VIEWS[path], item, place))
        else:
            wanted.objects.setdefault(_KINDS[path].list_name, []).append((item, place))


def _read_ids(path: str, ids: Any, at: str, wanted: _Asked) -> None:
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        wanted.errors.append(FieldError(MALFORMED, "must be a list of texts", at))
    elif path == clients.COLLECTION:
        wanted.removed_clients += ids
    else:
        wanted.removed += [(_KINDS[path].list_name, one) for one in ids]


def _described() -> dict[str, Any]:
    members = {
        "resourceType": {"type": "string", "enum": [clients.COLLECTION, *_VIEWS, *_KINDS]},
        "operationType": {"type": "string", "enum": [SAVE, DELETE]},
        "items": {"type": "array", "items": {"type": "object"}},
        "itemIds": {"type": "array", "items": {"type": "string"}},
    }
    operation = {"type": "object", "properties": members, "required": ["resourceType"]}
    operations = {"type": "array", "items": operation}
    return {
        "type": "object",
        "properties": {"metadata": {"type": "object"}, "operations": operations},
        "required": ["operations"],
    }


BULK = Schema("BulkConfig", _described)
DONE = Schema("BulkResult", lambda: {"type": "object", "properties": {"resultId": {"type": "string"}}})
OPERATIONS = (
    Operation(
        method="GET",
        path="/bulk/export",
        answer=export,
        summary="Every setting, object and client as operations that an import carries out again",
        gives=BULK,
    ),
    Operation(
        method="POST",
        path="/bulk/import",
        answer=import_all,
        summary="Carry out many operations, all of them or none",
        takes=BULK,
        gives=DONE,
        fails=(400, 422),
        query=(STRICTLY,),
    ),
)
