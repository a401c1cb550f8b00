"""The words in which settings are declared: `section`, `setting`, `key`."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, dataclass_transform

from ostiary.declare.conditions import Condition
from ostiary.declare.kinds.kind import Kind
from ostiary.words import Dialect

T = TypeVar("T")
SETTING = "ostiary.setting"


class Write(Enum):
    """When a setting stands in an answer. A value of None never does."""

    ALWAYS = "always"
    UNLESS_DEFAULT = "unless default"
    UNLESS_EMPTY = "unless empty"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Key:
    """The names of a setting in one dialect. A dot leads into a nested object."""

    names: tuple[str, ...]
    aliases: tuple[tuple[str, int], ...] = ()
    """Further names that are read, each with the number of the name it stands for."""
    required: bool | Condition = False
    """Whether the dialect insists on it: always, or while the condition holds."""
    only_when: Condition | None = None
    """The dialect ignores what is sent while this does not hold."""
    write: Write = Write.ALWAYS
    write_when: Condition | None = None
    read: bool = True
    """False for what the server says and nobody sets; it is ignored in bodies."""
    keep: bool = False
    """Whether a replacement that leaves it out keeps the value instead of resetting it."""
    proposed: bool = False
    """A name of our own: left out of answers of the administrative and legacy services while at its default."""
    filled: Any = None
    """What is written in place of a value that is not set."""
    resource: str = ""
    """Which resource of the dialect holds it, where settings are spread over several."""


def key(
    *names: str,
    aliases: dict[str, int] | tuple[str, ...] = (),
    required: bool | Condition = False,
    only_when: Condition | None = None,
    write: Write = Write.ALWAYS,
    write_when: Condition | None = None,
    read: bool = True,
    keep: bool = False,
    filled: Any = None,
    resource: str = "",
) -> Key:
    """The names of a setting in a dialect, with what the dialect insists on. See `Key`."""
    pairs = tuple(aliases.items()) if isinstance(aliases, dict) else tuple((alias, 0) for alias in aliases)
    return Key(
        names=names,
        aliases=pairs,
        required=required,
        only_when=only_when,
        write=write,
        write_when=write_when,
        read=read,
        keep=keep,
        filled=filled,
        resource=resource,
    )


def proposed(*names: str, **more: Any) -> Key:
    """A name no older source gives, so known tools do not see it while it holds its default."""
    return dataclasses.replace(key(*names, **more), proposed=True, write=Write.UNLESS_DEFAULT)


def read_only(*names: str, **more: Any) -> Key:
    """What the server says; ignored in bodies."""
    return key(*names, read=False, **more)


@dataclass(frozen=True, slots=True)
class Setting:
    """All there is to know about one setting, beside its type."""

    id: str
    """The row of the reference it implements, e.g. ``C047``; several rows may make one setting."""
    kind: Kind[Any]
    default: Any
    label: str
    help: str
    keys: dict[Dialect, Key]
    source: str
    shown_when: Condition | None
    when_unreadable: Any
    """What counts when the stored value cannot be read: the default, or what is safer (threat T-64)."""


def setting(
    *,
    kind: Kind[Any],
    default: T,
    label: str,
    help: str,  # noqa: A002 - the word of the declaration
    id: str = "",  # noqa: A002 - as above
    admin: str | Key | None = None,
    legacy: str | Key | None = None,
    registration: str | Key | None = None,
    portal: str | Key | None = None,
    source: str = "",
    shown_when: Condition | None = None,
    when_unreadable: Any = ...,
) -> T:
    """Declare one setting; a field of a class made by `section`. What is said here is read by every interface."""
    given = {
        Dialect.ADMIN: admin,
        Dialect.LEGACY: legacy,
        Dialect.REGISTRATION: registration,
        Dialect.PORTAL: portal,
    }
    declared = Setting(
        id=id,
        kind=kind,
        default=default,
        label=label,
        help=help,
        keys={dialect: _key(name) for dialect, name in given.items() if name is not None},
        source=source,
        shown_when=shown_when,
        when_unreadable=default if when_unreadable is ... else when_unreadable,
    )
    found: T = dataclasses.field(default=default, metadata={SETTING: declared})
    return found


def _key(name: str | Key) -> Key:
    return key(name) if isinstance(name, str) else name


@dataclass(frozen=True, slots=True)
class SectionFacts:
    """What a section says about itself."""

    title: str
    shown_when: Condition | None


SECTIONS: dict[type, SectionFacts] = {}
"""Filled by `section`; `Declaration` reads it."""

C = TypeVar("C")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting, dataclasses.field))
def section(title: str, *, shown_when: Condition | None = None) -> Callable[[type[C]], type[C]]:
    """Make a class a section of settings: a frozen, slotted, keyword-only dataclass."""

    def make(cls: type[C]) -> type[C]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        SECTIONS[made] = SectionFacts(title, shown_when)
        return made

    return make
