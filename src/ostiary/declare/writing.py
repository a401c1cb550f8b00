"""From settings to a dialect's JSON."""

from typing import Any, TypeVar

from ostiary.declare.declaration import Declaration, Declared
from ostiary.declare.kinds.kind import Writing
from ostiary.declare.settings import Key, Write

T = TypeVar("T")


def write(declaration: Declaration[T], value: T, writing: Writing, *, resource: str | None = None) -> dict[str, Any]:
    """The settings as JSON of the dialect, in the order they are declared."""
    body: dict[str, Any] = {}
    for declared, key in declaration.in_dialect(writing.dialect, resource):
        if not _is_written(declared, key, value):
            continue
        held = declared.value_in(value)
        if held is None:
            held = key.filled
        if held is None:
            continue
        for name, part in zip(key.names, declared.setting.kind.written(held, writing, len(key.names)), strict=False):
            if part is not None:
                _put(body, name, part)
    return body


def _is_written(declared: Declared, key: Key, value: Any) -> bool:
    if key.write is Write.NEVER or (key.write_when is not None and not key.write_when.holds(value)):
        return False
    held = declared.value_in(value)
    if key.write is Write.UNLESS_DEFAULT:
        return bool(held != declared.setting.default)
    return key.write is not Write.UNLESS_EMPTY or bool(held)


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value
