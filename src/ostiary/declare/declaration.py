"""Every setting of a family (the client's, the server's), found in the classes that declare them."""

import dataclasses
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from ostiary.declare.conditions import Condition
from ostiary.declare.settings import SECTIONS, SETTING, Key, Setting
from ostiary.words import Dialect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting in its place."""

    section: str
    name: str
    title: str
    """Of the section."""
    setting: Setting
    section_shown_when: Condition | None = None

    @property
    def path(self) -> str:
        """Our canonical name, e.g. ``requests.require_pkce``."""
        return f"{self.section}.{self.name}"

    def value_in(self, root: Any) -> Any:
        """Its value."""
        return getattr(getattr(root, self.section), self.name)

    def key_in(self, dialect: Dialect) -> Key | None:
        """Its names in the dialect, or None."""
        return self.setting.keys.get(dialect)


@dataclass(frozen=True)
class Declaration(Generic[T]):
    """The settings of one family, in the order they are declared; `root` is the class whose fields are its sections."""

    root: type[T]

    @cached_property
    def settings(self) -> tuple[Declared, ...]:
        """Every setting."""
        return tuple(self._found())

    @cached_property
    def by_path(self) -> dict[str, Declared]:
        """Every setting by its canonical name."""
        return {declared.path: declared for declared in self.settings}

    @cached_property
    def sections(self) -> dict[str, type]:
        """The section classes by name."""
        hints = typing.get_type_hints(self.root)
        names = [field.name for field in dataclasses.fields(typing.cast("Any", self.root))]
        return {name: hints[name] for name in names if hints[name] in SECTIONS}

    def in_dialect(self, dialect: Dialect, resource: str | None = None) -> tuple[tuple[Declared, Key], ...]:
        """The settings that have a name in the dialect (and there, if given, in this resource)."""
        found = self._in_dialect.get((dialect, resource))
        if found is None:
            keys = ((declared, declared.key_in(dialect)) for declared in self.settings)
            found = self._in_dialect[dialect, resource] = tuple(
                (declared, key)
                for declared, key in keys
                if key is not None and (resource is None or key.resource == resource)
            )
        return found

    @cached_property
    def _in_dialect(self) -> dict[tuple[Dialect, str | None], tuple[tuple[Declared, Key], ...]]:
        return {}

    def known_members(self, dialect: Dialect, also: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Every name and alias of the dialect, and `also`, as a tree of members; a leaf is an empty dict."""
        found = self._known.get((dialect, also))
        if found is None:
            names = set(also)
            for _, key in self.in_dialect(dialect):
                names.update(key.names, (alias for alias, _ in key.aliases))
            found = self._known[dialect, also] = _tree(names)
        return found

    @cached_property
    def _known(self) -> dict[tuple[Dialect, frozenset[str]], dict[str, Any]]:
        return {}

    def name_in(self, dialect: Dialect, field: str) -> str:
        """The dialect's name for a field as problems name it; the canonical name where the dialect has none."""
        section, _, rest = field.partition(".")
        name, _, part = rest.partition(".")
        declared = self.by_path.get(f"{section}.{name}")
        key = declared.key_in(dialect) if declared else None
        if declared is None or key is None or not key.names:
            return field
        return key.names[_part_number(declared, part, len(key.names))]

    def with_values(self, root: T, values: dict[str, Any]) -> T:
        """The same settings with some replaced, by canonical name."""
        changed: dict[str, dict[str, Any]] = {}
        for path, value in values.items():
            section, _, name = path.partition(".")
            if getattr(getattr(root, section), name) is not value:
                changed.setdefault(section, {})[name] = value
        sections = {name: dataclasses.replace(getattr(root, name), **new) for name, new in changed.items()}
        return typing.cast("T", dataclasses.replace(typing.cast("Any", root), **sections)) if sections else root

    def changed(self, before: T, after: T) -> tuple[str, ...]:
        """The canonical names of the settings that differ."""
        return tuple(
            declared.path for declared in self.settings if declared.value_in(before) != declared.value_in(after)
        )

    def _found(self) -> Iterator[Declared]:
        for section, cls in self.sections.items():
            facts = SECTIONS[cls]
            for field in dataclasses.fields(cls):
                if SETTING in field.metadata:
                    setting: Setting = field.metadata[SETTING]
                    yield Declared(section, field.name, facts.title, setting, facts.shown_when)


def _tree(names: Iterable[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name in names:
        here = tree
        for step in name.split("."):
            here = here.setdefault(step, {})
    return tree


def _part_number(declared: Declared, part: str, names: int) -> int:
    if not part:
        return 0
    parts = declared.setting.kind.parts
    last = part.rpartition(".")[2]
    if last == "amount" and "amount" not in parts:
        last = "value"
    return min(parts.index(last), names - 1) if last in parts else names - 1
