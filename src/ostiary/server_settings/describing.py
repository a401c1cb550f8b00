"""The declaration of server settings and objects as JSON, for the manual and the command line."""

from typing import Any

from ostiary.declare import Dialect, describe
from ostiary.declare.kinds import Writing
from ostiary.server_settings import DECLARATION
from ostiary.server_settings.fresh import fresh_settings
from ostiary.server_settings.object_kinds import OBJECT_KINDS, resource_of

_WRITING = Writing(Dialect.ADMIN)


def describe_server() -> dict[str, Any]:
    """Every setting of the server and every kind of object.

    ``default`` is what counts when a replacement leaves a setting out, ``fresh`` what a new installation starts with,
    ``resource`` where the administrative API keeps it.
    """
    settings = describe(DECLARATION)
    for declared, described in zip(DECLARATION.settings, settings, strict=True):
        described["resource"] = resource_of(declared)
        key = declared.key_in(Dialect.ADMIN)
        described["keptWhenLeftOut"] = key is not None and key.keep
        described["fresh"] = _written(declared.setting.kind, declared.value_in(fresh_settings()))
    return {"settings": settings, "objects": {kind.list_name: kind.entry.described() for kind in OBJECT_KINDS}}


def _written(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    parts = kind.written(value, _WRITING, len(kind.parts))
    return parts[0] if len(parts) == 1 else list(parts)
