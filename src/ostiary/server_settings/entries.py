"""An object that stands by itself or in a list: one section, read, written and stored as the settings are."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from ostiary.declare import Declaration, Dialect, Problem, describe, load, read, store, write
from ostiary.declare.kinds import Writing

T = TypeVar("T")
IT = "it"
DETAIL = "/"
"""In the field of a problem: what follows is a path inside the setting, in the words of the dialect."""


@dataclass(frozen=True)
class Entry(Generic[T]):
    """How objects of one section class are read, written and stored."""

    section: type[T]

    @cached_property
    def declaration(self) -> Declaration[Any]:
        """The declaration whose only section is this class."""
        member = (IT, self.section, dataclasses.field(default_factory=self.section))
        return Declaration(dataclasses.make_dataclass("Only", [member], frozen=True, slots=True))

    def read(self, body: Mapping[str, Any], dialect: Dialect, base: T | None = None) -> tuple[T, tuple[Problem, ...]]:
        """The object, with every problem, whose field is a path in the body."""
        found, problems, _ = self.read_whole(body, dialect, base)
        return found, problems

    def read_whole(
        self, body: Mapping[str, Any], dialect: Dialect, base: T | None = None
    ) -> tuple[T, tuple[Problem, ...], tuple[str, ...]]:
        """As `read`, with the paths of the members that nothing has for a name."""
        draft = read(self.declaration, body, dialect, base=self._root(base))
        problems = tuple(
            dataclasses.replace(problem, field=path_in(self.declaration, dialect, problem.field))
            for problem in draft.problems
        )
        return draft.value.it, problems, draft.unknown

    def written(self, value: T, writing: Writing) -> dict[str, Any]:
        """The object as JSON of the dialect."""
        return write(self.declaration, self._root(value), writing)

    def stored(self, value: T) -> dict[str, Any]:
        """The object as JSON by our own names, without what is at its default."""
        members: dict[str, Any] = store(self.declaration, self._root(value)).get(IT, {})
        return members

    def load(self, members: Any) -> tuple[T, tuple[Problem, ...]]:
        """The object of a stored document. A value that cannot be read disables itself, and is told (threat T-64)."""
        if not isinstance(members, Mapping):
            return self.section(), (Problem("", "is not an object", malformed=True),)
        root, problems = load(self.declaration, {IT: members})
        named = (dataclasses.replace(one, field=one.field.removeprefix(f"{IT}.")) for one in problems)
        return root.it, tuple(named)

    def loaded(self, members: Any) -> T:
        """As `load`; raises `ValueError` at the first problem."""
        found, problems = self.load(members)
        for problem in problems:
            raise ValueError(f"{problem.field} {problem.message}".strip())
        return found

    def described(self) -> dict[str, Any]:
        """Its members, as JSON."""
        members = describe(self.declaration)
        for member in members:
            member["name"] = member["name"].removeprefix(f"{IT}.")
        return {"type": "object", "members": members}

    def _root(self, value: T | None) -> Any:
        return self.declaration.root() if value is None else self.declaration.root(it=value)


_ENTRIES: dict[Any, Entry[Any]] = {}


def one_entry(section: type[T]) -> Entry[T]:
    """The entry of a section class; there is one for each."""
    entry: Entry[T] = _ENTRIES.setdefault(section, Entry(section))
    return entry


def path_in(declaration: Declaration[Any], dialect: Dialect, field: str) -> str:
    """The path in a body of the dialect that a problem's field means."""
    ours, detail, inside = field.partition(DETAIL)
    return declaration.name_in(dialect, ours) + (inside if detail else "")
