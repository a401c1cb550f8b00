"""A declaration as JSON Schema: what a body of one dialect may look like."""

from typing import Any

from ostiary.declare.declaration import Declaration, Declared
from ostiary.declare.kinds.kind import Writing
from ostiary.declare.settings import Key
from ostiary.words import Dialect


def schema_of(
    declaration: Declaration[Any], dialect: Dialect, resource: str | None = None, required: bool = True
) -> dict[str, Any]:
    """The object of a dialect with every member it knows: type, limits, default, and our words about it."""
    root: dict[str, Any] = {"type": "object", "properties": {}}
    for declared, key in declaration.in_dialect(dialect, resource):
        schemas = declared.setting.kind.schemas(dialect, len(key.names))
        defaults = _defaults(declared, key, dialect)
        for name, schema, default in zip(key.names, schemas, defaults, strict=False):
            told = {**schema, "title": declared.setting.label, "description": declared.setting.help}
            if default is not None:
                told["default"] = default
            if not key.read:
                told["readOnly"] = True
            _put(root, name, told, needed=required and key.required is True)
    return root


def _defaults(declared: Declared, key: Key, dialect: Dialect) -> tuple[Any, ...]:
    """What each member is while it is not sent, where that stands in answers."""
    default = declared.setting.default
    if default is None or not key.read or key.required is True or key.filled is not None:
        return (None,) * len(key.names)
    return declared.setting.kind.written(default, Writing(dialect), len(key.names))


def _put(root: dict[str, Any], name: str, schema: dict[str, Any], *, needed: bool) -> None:
    *parents, last = name.split(".")
    here = root
    for parent in parents:
        if needed:
            _need(here, parent)
        here = here["properties"].setdefault(parent, {"type": "object", "properties": {}})
        here.setdefault("properties", {})
    here["properties"][last] = schema
    if needed:
        _need(here, last)


def _need(here: dict[str, Any], name: str) -> None:
    needed = here.setdefault("required", [])
    if name not in needed:
        needed.append(name)
