"""What is present changes, the rest stays: laying a part of a document over the whole of it."""

from collections.abc import Mapping
from typing import Any

from ostiary.server_settings.descriptors import Family, descriptor

REPLACED_WHOLE = frozenset({"attributeContractFulfillment", "scopeAttributeMappings"})
"""Members whose own names are data: what they hold belongs together."""
_DESCRIPTOR, _CONFIGURATION = "pluginDescriptorRef", "configuration"


def merged(now: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`now` with the members of `given` laid over it. A null takes a member away, so that it gets its default."""
    result = dict(now)
    for name, value in given.items():
        before = now.get(name)
        if value is None:
            result.pop(name, None)
        elif name == _CONFIGURATION and isinstance(value, Mapping) and isinstance(before, Mapping):
            parts = {part: _by_name(before.get(part), value.get(part)) for part in _PARTS}
            result[name] = {**before, **value, **parts}
        elif isinstance(value, Mapping) and isinstance(before, Mapping) and not _is_whole(name, before, value):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result


def merged_object(now: Mapping[str, Any], given: Mapping[str, Any], families: tuple[Family, ...]) -> dict[str, Any]:
    """As `merged`; but the configuration of another kind of plug-in does not linger on."""
    reference = given.get(_DESCRIPTOR)
    kinds = [_kind(one, families) for one in (reference, now.get(_DESCRIPTOR))]
    if reference is not None and kinds[0] != kinds[1]:
        now = {name: value for name, value in now.items() if name != _CONFIGURATION}
    return merged(now, given)


_PARTS = ("fields", "tables")


def _is_whole(name: str, before: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    is_reference = set(before) == {"id"}
    return name in REPLACED_WHOLE or (is_reference and not value)


def _by_name(before: Any, given: Any) -> Any:
    """Fields and tables by name: what was given first, in its order, so that places in messages stay true."""
    if given is None:
        return before
    if not isinstance(given, list) or not isinstance(before, list):
        return given
    names = {one.get("name") for one in given if isinstance(one, Mapping)}
    return [*given, *(one for one in before if one.get("name") not in names)]


def _kind(reference: Any, families: tuple[Family, ...]) -> str | None:
    name = reference.get("id") if isinstance(reference, Mapping) else None
    found = [descriptor(family, name) for family in families] if isinstance(name, str) else []
    return next((one.id for one in found if one is not None), None)
