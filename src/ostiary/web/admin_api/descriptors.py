"""``…/descriptors``: the kinds of plug-ins there are, and the fields each of them has."""

from collections.abc import Iterator
from typing import Any

from ostiary.declare import Dialect
from ostiary.declare.declaration import Declared
from ostiary.declare.kinds import Flag, OneWord, Writing
from ostiary.server_settings.configuration import SealedKind, Table
from ostiary.server_settings.descriptors import Descriptor, Family, descriptor, descriptors
from ostiary.server_settings.entries import one_entry
from ostiary.server_settings.object_kinds import OBJECT_KINDS, ObjectKind
from ostiary.web.admin_api.operations import Asked, Operation, Schema, listed
from ostiary.web.admin_api.results import not_found
from ostiary.web.admin_api.shapes import list_of
from ostiary.web.call import NO_STORE, Reply

EXTENSIBLE = frozenset({Family.MANAGER, Family.VALIDATOR, Family.AUTHENTICATOR})
"""Families whose instances have attributes of their own beside those of the kind."""
_SIZE = 60


def described(one: Descriptor) -> dict[str, Any]:
    """A kind of plug-in, as tools read it to know its fields."""
    class_name = one.class_names[0] if one.class_names else one.id
    return {
        "id": class_name,
        "name": one.name,
        "className": class_name,
        "attributeContract": list(one.core_attributes),
        "supportsExtendedContract": one.family in EXTENSIBLE,
        "configDescriptor": {
            "description": one.name,
            "fields": list(_fields(one.configuration)),
            "tables": list(_tables(one.configuration)),
            "actionDescriptors": [],
        },
    }


def _members(section: type[Any]) -> Iterator[tuple[str, Declared]]:
    for declared, key in one_entry(section).declaration.in_dialect(Dialect.ADMIN):
        yield key.names[0], declared


def _fields(section: type[Any]) -> Iterator[dict[str, Any]]:
    for name, declared in _members(section):
        if not isinstance(declared.setting.kind, Table):
            yield _field(name, declared)


def _tables(section: type[Any]) -> Iterator[dict[str, Any]]:
    for name, declared in _members(section):
        kind = declared.setting.kind
        if isinstance(kind, Table):
            yield {
                "name": name,
                "label": declared.setting.label,
                "description": declared.setting.help,
                "columns": list(_fields(kind.row)),
                "requireDefaultRow": False,
            }


def _field(name: str, declared: Declared) -> dict[str, Any]:
    setting = declared.setting
    found: dict[str, Any] = {
        "name": name,
        "label": setting.label,
        "description": setting.help,
        "required": setting.keys[Dialect.ADMIN].required is True,
        "advanced": False,
    }
    if setting.default is not None and not isinstance(setting.kind, SealedKind):
        default = setting.kind.written(setting.default, Writing(Dialect.ADMIN), 1)[0]
        found["defaultValue"] = str(default).lower() if isinstance(default, bool) else str(default)
    if isinstance(setting.kind, Flag):
        return found | {"type": "CHECK_BOX"}
    if isinstance(setting.kind, OneWord):
        allowed = setting.kind.allowed
        words = [word for word in setting.kind.vocabulary if allowed is None or word in allowed]
        values = [{"name": word.label, "value": word.written(Dialect.ADMIN)} for word in words]
        return found | {"type": "SELECT", "optionValues": values}
    return found | {"type": "TEXT", "encrypted": isinstance(setting.kind, SealedKind), "size": _SIZE}


def _operations(kind: ObjectKind) -> tuple[Operation, ...]:
    family = kind.family
    assert family is not None

    async def retrieve_all(_asked: Asked) -> Reply:
        return listed(described(one) for one in descriptors(family))

    async def retrieve(asked: Asked) -> Reply:
        found = descriptor(family, asked.ids[0])
        if found is None:
            raise not_found(f"kind of {family}", asked.ids[0])
        return Reply.json(described(found), headers=NO_STORE)

    return (
        Operation(
            method="GET",
            path=f"{kind.path}/descriptors",
            answer=retrieve_all,
            summary=f"The kinds of {family} there are",
            gives=list_of(DESCRIPTOR),
        ),
        Operation(
            method="GET",
            path=f"{kind.path}/descriptors/{{id}}",
            answer=retrieve,
            summary=f"One kind of {family}, with its fields",
            gives=DESCRIPTOR,
            fails=(404,),
        ),
    )


def _descriptor() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("id", "name", "className")}
    return {
        "type": "object",
        "properties": {
            **texts,
            "attributeContract": {"type": "array", "items": {"type": "string"}},
            "supportsExtendedContract": {"type": "boolean"},
            "configDescriptor": {"type": "object"},
        },
    }


DESCRIPTOR = Schema("PluginDescriptor", _descriptor)
OPERATIONS = tuple(operation for kind in OBJECT_KINDS if kind.family is not None for operation in _operations(kind))
