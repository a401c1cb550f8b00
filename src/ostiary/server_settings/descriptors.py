"""Plug-ins: which kinds there are, which fields each declares, and how an instance's configuration is read and written.

A plug-in kind declares its fields as a section of settings does; the administrative name of a field is its key. The
built-in kinds and those of installed packages (entry points of the group ``ostiary.plugins``) register alike.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Any

GROUP = "ostiary.plugins"
"""An entry point of this group is a `Descriptor`, several of them, or a function that returns them."""

log = logging.getLogger("ostiary.plugins")


class Family(StrEnum):
    """What a plug-in is for."""

    MANAGER = "access token manager"
    VALIDATOR = "password credential validator"
    AUTHENTICATOR = "out-of-band authenticator"
    DETAIL_PROCESSOR = "authorization detail processor"
    REGISTRATION_POLICY = "client registration policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """One kind of plug-in."""

    family: Family
    id: str
    name: str
    configuration: type[Any]
    """A class made by `section`: its settings are the fields and tables of an instance."""
    class_names: tuple[str, ...] = ()
    """What the compatibility source calls it; accepted wherever the id is."""
    core_attributes: tuple[str, ...] = ()
    behaviour: Callable[..., Any] | None = None
    """What an instance does, for plug-ins of installed packages; the built-in ones act in the rooms they belong to.

    Of a registration policy: ``async (configuration, candidate, server) -> candidate``, see `registration.policies`.
    """

    def names(self) -> tuple[str, ...]:
        """Everything an instance may name it by."""
        return (self.id, *self.class_names)


def descriptors(family: Family) -> tuple[Descriptor, ...]:
    """The kinds of one family, built-in ones first."""
    return tuple(dict.fromkeys(_registry()[family].values()))


def descriptor(family: Family, name: str) -> Descriptor | None:
    """The kind with this id or class name, or None."""
    return _registry()[family].get(name)


def installed() -> Iterator[Descriptor]:
    """What installed packages bring. One that does not load is told and left out, for it must not stop the server."""
    for point in entry_points(group=GROUP):
        try:
            brought = point.load()
            if not isinstance(brought, Descriptor) and callable(brought):
                brought = brought()
            yield from [brought] if isinstance(brought, Descriptor) else list(brought)
        except Exception:
            log.exception("the plug-in %s cannot be loaded", point.name)


def registry_of(known: Iterable[Descriptor]) -> Mapping[Family, dict[str, Descriptor]]:
    """The kinds by family and by every name; of two with one name the first counts, and the other is told."""
    found: dict[Family, dict[str, Descriptor]] = {family: {} for family in Family}
    for one in known:
        for name in one.names():
            if found[one.family].setdefault(name, one) is not one:
                log.error("the plug-in %s is left out: there is an %s of that name already", name, one.family)
    return found


@cache
def _registry() -> Mapping[Family, dict[str, Descriptor]]:
    from ostiary.server_settings.plugins import BUILT_IN  # they are declared with what this module offers

    return registry_of((*BUILT_IN, *installed()))
